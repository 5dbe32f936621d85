/**
 * Rewrites zoo.cfg when the membership moves into a file of its own.
 *
 * Compatibility: comments, blank lines and the order of the lines of zoo.cfg stay when a reconfiguration rewrites it, and so does
 * clientPortListenBacklog; Apache ZooKeeper writes its keys without comments in the order of a hash table, and loses that one.
 */
import { parseZooCfg } from '../config/zoo-cfg.ts'

export interface ZooCfgEdit {
  /** The absolute path of the file that holds the membership from now on. */
  readonly dynamicFile: string
  /** Whether the membership says where clients connect, so that clientPort has to go. */
  readonly erasesClientPort: boolean
  readonly erasesSecureClientPort: boolean
}

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
  for (const { key, line, lastLine } of parseZooCfg(content, 'zoo.cfg')) {
    if (isErased(key, edit)) lines.fill('', line - 1, lastLine)
  }
  let kept = lines.join('')
  if (kept !== '' && !/[\r\n]$/.test(kept)) kept += '\n'
  // A line that is continued by the end of the file must not be continued by the new one.
  if (isContinuedAtEnd(kept)) kept += '\n'
  return `${mark}${kept}dynamicConfigFile=${escaped(edit.dynamicFile)}\n`
}

function isErased(key: string, edit: ZooCfgEdit): boolean {
  return (
    /^(server|group|weight)\./.test(key) ||
    key === 'dynamicConfigFile' ||
    key === 'peerType' ||
    (edit.erasesClientPort && (key === 'clientPort' || key === 'clientPortAddress')) ||
    (edit.erasesSecureClientPort &&
      (key === 'secureClientPort' || key === 'secureClientPortAddress'))
  )
}

function isContinuedAtEnd(text: string): boolean {
  const probe = 'dynamicConfigFile'
  return parseZooCfg(`${text}${probe}`, 'zoo.cfg').at(-1)?.key !== probe
}

/** Both readers understand it, whatever encoding they take the file for. */
function escaped(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|\\/g, (char) =>
    char === '\\' ? '\\\\' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
