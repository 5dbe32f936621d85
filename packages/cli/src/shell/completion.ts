/** What the Tab key offers: the names of commands, and of nodes for a word that starts with '/'. */
import { childPath } from '@quorate/client'
import { commandsByName } from './command-table.ts'

export interface Completion {
  /** Whole words, sorted, that may take the place of {@link word}. */
  readonly candidates: readonly string[]
  /** The last word of the line so far. */
  readonly word: string
}

/** @param children the names below a path; none when it cannot be read */
export async function complete(
  line: string,
  children: (path: string) => Promise<readonly string[]>,
): Promise<Completion> {
  const word = line.slice(line.lastIndexOf(' ') + 1)
  const all = word.startsWith('/') ? await nodes(word, children) : [...commandsByName.keys()]
  return { candidates: all.filter((candidate) => candidate.startsWith(word)).toSorted(), word }
}

async function nodes(
  word: string,
  children: (path: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const slash = word.lastIndexOf('/')
  const parent = slash === 0 ? '/' : word.slice(0, slash)
  return (await children(parent)).map((child) => childPath(parent, child))
}
