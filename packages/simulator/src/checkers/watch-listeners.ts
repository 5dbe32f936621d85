/** The watches of one real client and whose they are, in the plainest possible way: which listeners an event is for. */
import { EventType } from '@quorate/protocol'
import type { WatchLists } from '../client/operation.ts'

type Kind = keyof WatchLists

export class WatchListeners {
  readonly #callsByPath: Readonly<Record<Kind, Map<string, Set<number>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    recursive: new Map(),
  }

  add(kind: Kind, path: string, call: number): void {
    const calls = this.#callsByPath[kind].get(path)
    if (calls === undefined) this.#callsByPath[kind].set(path, new Set([call]))
    else calls.add(call)
  }

  /** The paths that a new connection has to be told of, in no particular order. */
  lists(): WatchLists {
    const { data, exist, child, persistent, recursive } = this.#callsByPath
    return {
      data: [...data.keys()],
      exist: [...exist.keys()],
      child: [...child.keys()],
      persistent: [...persistent.keys()],
      recursive: [...recursive.keys()],
    }
  }

  /** The calls whose listeners are told of the event; one-shot watches are used up. */
  fire(event: EventType, path: string): Set<number> {
    const found = new Set<number>()
    for (const kind of usedUp(event)) {
      for (const call of this.#callsByPath[kind].get(path) ?? []) found.add(call)
      this.#callsByPath[kind].delete(path)
    }
    for (const call of this.#callsByPath.persistent.get(path) ?? []) found.add(call)
    if (event === EventType.nodeChildrenChanged) return found
    for (const [top, calls] of this.#callsByPath.recursive)
      if (path === top || top === '/' || path.startsWith(`${top}/`))
        for (const call of calls) found.add(call)
    return found
  }
}

function usedUp(event: EventType): readonly Kind[] {
  if (event === EventType.nodeChildrenChanged) return ['child']
  if (event === EventType.nodeDeleted) return ['data', 'exist', 'child']
  return ['data', 'exist']
}
