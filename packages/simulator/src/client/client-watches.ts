/** The watches that a client has, as its library keeps them to set them again on the next connection. */
import { EventType } from '@quorate/protocol'
import type { Operation, WatchLists } from './operation.ts'

type Kind = keyof WatchLists

export class ClientWatches {
  readonly #paths: Readonly<Record<Kind, Set<string>>> = {
    data: new Set(),
    exist: new Set(),
    child: new Set(),
    persistent: new Set(),
    recursive: new Set(),
  }

  get isEmpty(): boolean {
    return Object.values(this.#paths).every((paths) => paths.size === 0)
  }

  lists(): WatchLists {
    const { data, exist, child, persistent, recursive } = this.#paths
    return {
      data: [...data],
      exist: [...exist],
      child: [...child],
      persistent: [...persistent],
      recursive: [...recursive],
    }
  }

  /** An operation that may set a watch was answered. */
  answered(operation: Operation, isFound: boolean): void {
    const kind = watchKind(operation, isFound)
    if (kind !== undefined && 'path' in operation) this.#paths[kind].add(operation.path)
  }

  notified(type: EventType, path: string): void {
    for (const kind of endedKinds(type)) this.#paths[kind].delete(path)
  }

  /** A session that is over takes its watches with it. */
  clear(): void {
    for (const paths of Object.values(this.#paths)) paths.clear()
  }
}

/** The kind of watch that an answered operation leaves on its path. */
export function watchKind(operation: Operation, isFound: boolean): Kind | undefined {
  switch (operation.type) {
    case 'addWatch':
      return operation.isRecursive ? 'recursive' : 'persistent'
    case 'getData':
      return operation.watch && isFound ? 'data' : undefined
    case 'getChildren':
      return operation.watch && isFound ? 'child' : undefined
    case 'exists':
      if (!operation.watch) return undefined
      return isFound ? 'data' : 'exist'
    default:
      return undefined
  }
}

/** The one-shot watches that an event uses up. */
function endedKinds(type: EventType): readonly Kind[] {
  switch (type) {
    case EventType.nodeCreated:
    case EventType.nodeDataChanged:
      return ['data', 'exist']
    case EventType.nodeDeleted:
      return ['data', 'exist', 'child']
    case EventType.nodeChildrenChanged:
      return ['child']
    default:
      return []
  }
}
