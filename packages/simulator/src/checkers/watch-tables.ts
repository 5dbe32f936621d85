/** The watches that a server must keep for one connection, in the plainest possible way. */
import { EventType, WatcherType } from '@quorate/protocol'
import type { WatchLists } from '../client/operation.ts'
import type { Step } from '../history/txn-steps.ts'

export class WatchTables {
  readonly #data = new Set<string>()
  readonly #child = new Set<string>()
  readonly #persistent = new Set<string>()
  readonly #recursive = new Set<string>()

  get isEmpty(): boolean {
    return this.#data.size + this.#child.size + this.#persistent.size + this.#recursive.size === 0
  }

  add(kind: keyof WatchLists, path: string): void {
    switch (kind) {
      case 'data':
      case 'exist':
        this.#data.add(path)
        break
      case 'child':
        this.#child.add(path)
        break
      case 'persistent':
        this.#persistent.add(path)
        break
      case 'recursive':
        this.#recursive.add(path)
        break
    }
  }

  /** The connection has no watches of this kind on the path any more. */
  remove(kind: WatcherType, path: string): void {
    const isAny = kind === WatcherType.any
    if (isAny || kind === WatcherType.data) this.#data.delete(path)
    if (isAny || kind === WatcherType.children) this.#child.delete(path)
    if (isAny || kind === WatcherType.persistent) this.#persistent.delete(path)
    if (isAny || kind === WatcherType.persistentRecursive) this.#recursive.delete(path)
  }

  /** Whether the connection is told of this step; takes the one-shot watches that it uses up. */
  fire({ event, path }: Step): boolean {
    const isChildEvent = event === EventType.nodeChildrenChanged
    const isDeletion = event === EventType.nodeDeleted
    // No short cut: every one-shot watch that matches is used up.
    const byData = !isChildEvent && this.#data.delete(path)
    const byChild = (isChildEvent || isDeletion) && this.#child.delete(path)
    return (
      byData ||
      byChild ||
      this.#persistent.has(path) ||
      (!isChildEvent && this.#isBelowRecursive(path))
    )
  }

  #isBelowRecursive(path: string): boolean {
    for (const top of this.#recursive) if (isAtOrBelow(path, top)) return true
    return false
  }
}

function isAtOrBelow(path: string, top: string): boolean {
  return path === top || top === '/' || path.startsWith(`${top}/`)
}
