/**
 * What a guide tells its reader to do: the commands of its fenced blocks in their order, by section.
 *
 * A block of another language than `sh` and `ini` is refused, so that nothing in a guide is passed over.
 */
import { readFileSync } from 'node:fs'

export interface Guide {
  /** By the heading of the section; one a line of the guide. */
  readonly commands: ReadonlyMap<string, readonly string[]>
  /** The lines of its files to be written. */
  readonly files: readonly string[]
}

export function readGuide(path: string): Guide {
  const commands = new Map<string, string[]>()
  const files: string[] = []
  let section = ''
  let language: string | undefined
  for (const line of readFileSync(path, 'utf8')
    .split('\n')
    .map((each) => each.trim())) {
    if (line.startsWith('```')) {
      language = language === undefined ? line.slice(3) : undefined
      if (language !== undefined && language !== 'sh' && language !== 'ini')
        throw new Error(`${path} has a block of ${language || 'no language'}; it takes sh and ini`)
    } else if (language === 'sh') {
      commands.set(section, [...(commands.get(section) ?? []), line])
    } else if (language === 'ini') {
      files.push(line)
    } else if (line.startsWith('## ')) {
      section = line.slice(3)
    }
  }
  return { commands, files }
}
