/**
 * The watches of one session, as this client believes them to be on the server.
 *
 * 1. A one-shot watch (data, exist, child) leaves its table when an event of its kind arrives; persistent ones stay.
 * 2. An event that no watch waits for is not told to anyone: its watch was removed meanwhile.
 * 3. Paths are the server's, with the chroot. Of who waits for an event it knows no more than that they are distinct.
 *
 * A server's watches end with the connection, so {@link setWatches} registers all of them anew on the next one. For
 * one-shot watches the server compares with the last zxid seen and tells at once what was missed. For persistent ones it
 * does not: whoever keeps one must read again after a reconnection.
 */
import {
  EventType,
  type SetWatches2Request,
  utf8Length,
  WatcherType,
  type Zxid,
} from '@quorate/protocol'
import type { ChangeType } from './change.ts'

export type WatchKind = 'data' | 'exist' | 'child' | 'persistent' | 'persistentRecursive'

const kinds: readonly WatchKind[] = ['data', 'exist', 'child', 'persistent', 'persistentRecursive']

/** Stays well below the 1 MiB of jute.maxbuffer, as Apache's client does. */
const setWatchesBytesMax = 128 * 1024
const setWatchesBytesFixed = 8 + kinds.length * 4

type Table<L> = Map<string, Set<L>>

export class WatchRegistry<L> {
  readonly #tables: Readonly<Record<WatchKind, Table<L>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  }

  add(kind: WatchKind, path: string, listener: L): void {
    const table = this.#tables[kind]
    const listeners = table.get(path)
    if (listeners === undefined) table.set(path, new Set([listener]))
    else listeners.add(listener)
  }

  has(kind: WatchKind, path: string): boolean {
    return this.#tables[kind].has(path)
  }

  /** Whether a watch of any kind is on exactly this path. */
  hasAny(path: string): boolean {
    return kinds.some((kind) => this.#tables[kind].has(path))
  }

  /** Takes one listener away; true if it was the last of its kind on the path. */
  removeListener(kind: WatchKind, path: string, listener: L): boolean {
    const listeners = this.#tables[kind].get(path)
    if (listeners === undefined || !listeners.delete(listener) || listeners.size > 0) return false
    this.#tables[kind].delete(path)
    return true
  }

  /** Takes many listeners away; yields the watches that nobody waits for any more. */
  *removeListeners(isGone: (listener: L) => boolean): Generator<readonly [WatchKind, string]> {
    for (const kind of kinds)
      for (const [path, listeners] of this.#tables[kind])
        for (const listener of listeners)
          if (isGone(listener) && this.removeListener(kind, path, listener)) yield [kind, path]
  }

  /** Forgets the watches that removeWatches names, and returns what to tell about them. */
  remove(path: string, type: WatcherType): ReadonlyMap<ChangeType, ReadonlySet<L>> {
    const removed = new Map<ChangeType, Set<L>>()
    for (const [kind, change] of removalsByType[type]) {
      const listeners = this.#tables[kind].get(path)
      if (listeners === undefined) continue
      this.#tables[kind].delete(path)
      removed.set(change, new Set([...(removed.get(change) ?? []), ...listeners]))
    }
    return removed
  }

  /** The listeners that an event is for; takes those of one-shot watches away. */
  fire(type: number, path: string): ReadonlySet<L> {
    const found = new Set<L>()
    for (const kind of oneShotKinds(type)) {
      collect(this.#tables[kind].get(path), found)
      this.#tables[kind].delete(path)
    }
    collect(this.#tables.persistent.get(path), found)
    // Servers before 3.9 send nodeChildrenChanged to recursive watches as well (ZOOKEEPER-4475).
    if (type !== EventType.nodeChildrenChanged) this.#collectRecursive(path, found)
    return found
  }

  /** Requests that register every watch on a new connection, none of them longer than a server takes. */
  *setWatches(relativeZxid: Zxid): Generator<SetWatches2Request> {
    let chunk = emptyChunk()
    let chunkBytes = setWatchesBytesFixed
    for (const kind of kinds) {
      for (const path of this.#tables[kind].keys()) {
        const pathBytes = 4 + utf8Length(path)
        if (chunkBytes + pathBytes > setWatchesBytesMax) {
          yield setWatchesRequest(relativeZxid, chunk)
          chunk = emptyChunk()
          chunkBytes = setWatchesBytesFixed
        }
        chunk[kind].push(path)
        chunkBytes += pathBytes
      }
    }
    if (chunkBytes > setWatchesBytesFixed) yield setWatchesRequest(relativeZxid, chunk)
  }

  #collectRecursive(path: string, found: Set<L>): void {
    const table = this.#tables.persistentRecursive
    if (table.size === 0) return
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      collect(table.get(path.slice(0, end)), found)
    if (path !== '/') collect(table.get('/'), found)
  }
}

function collect<L>(listeners: ReadonlySet<L> | undefined, into: Set<L>): void {
  for (const listener of listeners ?? []) into.add(listener)
}

function oneShotKinds(type: number): readonly WatchKind[] {
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

type Removals = readonly (readonly [WatchKind, ChangeType])[]

const childRemovals: Removals = [['child', 'childWatchRemoved']]
const dataRemovals: Removals = [
  ['data', 'dataWatchRemoved'],
  ['exist', 'dataWatchRemoved'],
]
const persistentRemovals: Removals = [['persistent', 'persistentWatchRemoved']]
const recursiveRemovals: Removals = [['persistentRecursive', 'persistentWatchRemoved']]

/** Which tables removeWatches clears, and what is told for each. */
const removalsByType: Readonly<Record<WatcherType, Removals>> = {
  [WatcherType.children]: childRemovals,
  [WatcherType.data]: dataRemovals,
  [WatcherType.persistent]: persistentRemovals,
  [WatcherType.persistentRecursive]: recursiveRemovals,
  [WatcherType.any]: [
    ...childRemovals,
    ...dataRemovals,
    ...persistentRemovals,
    ...recursiveRemovals,
  ],
}

function emptyChunk(): Record<WatchKind, string[]> {
  return { data: [], exist: [], child: [], persistent: [], persistentRecursive: [] }
}

function setWatchesRequest(
  relativeZxid: Zxid,
  chunk: Readonly<Record<WatchKind, readonly string[]>>,
): SetWatches2Request {
  return {
    relativeZxid,
    dataWatches: chunk.data,
    existWatches: chunk.exist,
    childWatches: chunk.child,
    persistentWatches: chunk.persistent,
    persistentRecursiveWatches: chunk.persistentRecursive,
  }
}
