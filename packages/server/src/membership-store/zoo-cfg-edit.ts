/**
 * Rewrites zoo.cfg when the membership moves into a file of its own.
 *
 * Compatibility: comments, blank lines and the order of the lines of zoo.cfg stay when a reconfiguration rewrites it, and so does
 * clientPortListenBacklog; Apache ZooKeeper writes its keys without comments in the order of a hash table, and loses that one. A
 * clientPort that went into the membership comes back when a later membership does not have it: without it the server would have
 * none after a restart.
 */
import type { HostPort } from '@quorate/consensus'
import { parseZooCfg } from '../config/zoo-cfg.ts'

export interface ZooCfgEdit {
  /** The absolute path of the file that holds the membership from now on. */
  readonly dynamicFile: string
  readonly client: ClientPortEdit
  readonly secureClient: ClientPortEdit
}

export interface ClientPortEdit {
  /** Whether the membership says where clients connect, so that clientPort has to go. */
  readonly isErased: boolean
  /** What the membership before said; it goes back to a zoo.cfg that has no clientPort. */
  readonly restored: HostPort | undefined
}

const families = [
  { port: 'clientPort', address: 'clientPortAddress', edit: 'client' },
  { port: 'secureClientPort', address: 'secureClientPortAddress', edit: 'secureClient' },
] as const

/** As ISO 8859-1 sees it. */
const byteOrderMark = '\u00ef\u00bb\u00bf'

/**
 * @param text one character for each byte, so that what is written in another encoding stays as it is
 * @throws ConfigError CONFIG_UNREADABLE
 */
export function editZooCfg(text: string, edit: ZooCfgEdit): string {
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : ''
  const content = text.slice(mark.length)
  const lines = content.split(/(?<=\r\n|\n|\r(?!\n))/)
  const keys = new Set<string>()
  for (const { key, line, lastLine } of parseZooCfg(content, 'zoo.cfg')) {
    keys.add(key)
    if (isErased(key, edit)) lines.fill('', line - 1, lastLine)
  }
  let kept = lines.join('')
  if (kept !== '' && !/[\r\n]$/.test(kept)) kept += '\n'
  // A line that is continued by the end of the file must not be continued by the new one.
  if (isContinuedAtEnd(kept)) kept += kept.endsWith('\r') ? '\r' : '\n'
  const added = [...restoredLines(keys, edit), `dynamicConfigFile=${escaped(edit.dynamicFile)}`]
  return `${mark}${kept}${added.join('\n')}\n`
}

function isErased(key: string, edit: ZooCfgEdit): boolean {
  if (/^(server|group|weight)\./.test(key)) return true
  if (key === 'dynamicConfigFile' || key === 'peerType') return true
  return families.some(
    (family) => edit[family.edit].isErased && (key === family.port || key === family.address),
  )
}

function restoredLines(keys: ReadonlySet<string>, edit: ZooCfgEdit): readonly string[] {
  return families.flatMap((family) => {
    const { isErased: isInMembership, restored } = edit[family.edit]
    if (isInMembership || restored === undefined || keys.has(family.port)) return []
    const { host, port } = restored
    const line = `${family.port}=${port}`
    return host === '0.0.0.0' ? [line] : [line, `${family.address}=${escaped(host)}`]
  })
}

function isContinuedAtEnd(text: string): boolean {
  const next = parseZooCfg(`${text}dynamicConfigFile`, 'zoo.cfg').at(-1)!
  return next.line !== next.lastLine
}

/** Both readers understand it, whatever encoding they take the file for. */
function escaped(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|\\/g, (char) =>
    char === '\\' ? '\\\\' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
