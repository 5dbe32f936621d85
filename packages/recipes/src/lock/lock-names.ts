/** The names of nodes in the lines of locks, by Curator and by kazoo, and who waits for whom. */
import type { LockLayout } from './lock.ts'

/** What a kind of lock is in a line. */
export interface LockKind {
  /** The part of a node's name between its random id and its number. */
  readonly name: string
  readonly prefixOf: (uuid: string) => string
  /** Whether a node of this kind, further ahead, is waited for. */
  readonly waitsFor: (kind: string) => boolean
}

/** Whatever stands in the line of a lock, of whatever library. */
export const lockKinds: readonly string[] = [
  'lock-',
  '__lock__',
  '__WRIT__',
  '__READ__',
  '__rlock__',
]

const readerKinds: readonly string[] = ['__READ__', '__rlock__']

const prefixes = {
  curator: (uuid: string): string => `_c_${uuid}-`,
  kazoo: (uuid: string): string => uuid.replaceAll('-', ''),
}

export function exclusive(layout: LockLayout = 'curator'): LockKind {
  const name = { curator: 'lock-', kazoo: '__lock__' }[layout]
  return { name, prefixOf: prefixes[layout], waitsFor: () => true }
}

export function writing(layout: LockLayout = 'curator'): LockKind {
  const name = { curator: '__WRIT__', kazoo: '__lock__' }[layout]
  return { name, prefixOf: prefixes[layout], waitsFor: () => true }
}

export function reading(layout: LockLayout = 'curator'): LockKind {
  const name = { curator: '__READ__', kazoo: '__rlock__' }[layout]
  return {
    name,
    prefixOf: prefixes[layout],
    waitsFor: (kind) => !readerKinds.includes(kind),
  }
}
