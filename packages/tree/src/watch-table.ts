/**
 * The watches of this server's client connections, and whom a change of the tree is told to.
 *
 * Watches belong to the connections of one server and are no part of the replicated state: they lie beside the tree, keyed
 * by path, and a path need not exist to be watched. There are two tables, as in Apache ZooKeeper: data watches (getData,
 * exists) and child watches (getChildren). A persistent watch is in both, a recursive one in the data table only.
 *
 * 1. A watcher is told at most once in a step, which is one call of a trigger: one path and one type of event, however
 *    many of its watches match.
 * 2. A standard watch is told once and then is gone, also when the watcher may not read the node and sends nothing.
 *    Persistent and recursive ones stay (ZOOKEEPER-1416).
 * 3. A recursive watch on a path is told of creations, deletions and data changes of the path and all below it, never of
 *    changed children (ZOOKEEPER-4475).
 * 4. When a watcher is told, the table already shows the state after the step: it may add and remove watches then. One that
 *    is removed during a step may still be told of it.
 * 5. Watchers of one path are told in the order of registration. Those of ancestors come before, from the root down.
 */
import { EventType, WatcherType, type Zxid } from '@quorate/protocol'
import { PathWatches, WatchMode } from './path-watches.ts'

/** A client connection, as the watch table sees it. */
export interface Watcher {
  /**
   * Something happened to the path `bytes[start, end)`, which is valid during the call only.
   * @param aclId the ACL (see AclTable) by which the watcher must be allowed to read, or it keeps the event to itself
   */
  notify(
    type: EventType,
    bytes: Uint8Array,
    start: number,
    end: number,
    zxid: Zxid,
    aclId: number,
  ): void
}

/** What `wchs` shows: data watches only. */
export interface DataWatchCounts {
  readonly connectionCount: number
  readonly pathCount: number
  readonly watchCount: number
}

export class WatchTable {
  readonly #data = new PathWatches<Watcher>()
  readonly #children = new PathWatches<Watcher>()

  addData(bytes: Uint8Array, start: number, end: number, watcher: Watcher): void {
    this.#data.add(bytes, start, end, watcher, WatchMode.standard)
  }

  addChild(bytes: Uint8Array, start: number, end: number, watcher: Watcher): void {
    this.#children.add(bytes, start, end, watcher, WatchMode.standard)
  }

  addPersistent(bytes: Uint8Array, start: number, end: number, watcher: Watcher): void {
    this.#data.add(bytes, start, end, watcher, WatchMode.persistent)
    this.#children.add(bytes, start, end, watcher, WatchMode.persistent)
  }

  addPersistentRecursive(bytes: Uint8Array, start: number, end: number, watcher: Watcher): void {
    this.#data.add(bytes, start, end, watcher, WatchMode.recursive)
  }

  /** checkWatches: whether the watcher has a watch of this type on exactly this path. */
  has(bytes: Uint8Array, start: number, end: number, watcher: Watcher, type: WatcherType): boolean {
    const data = this.#data.modesOf(bytes, start, end, watcher) & dataModesByType[type]
    return (
      data !== 0 ||
      (this.#children.modesOf(bytes, start, end, watcher) & childModesByType[type]) !== 0
    )
  }

  /** removeWatches: returns whether there was one of this type. */
  remove(
    bytes: Uint8Array,
    start: number,
    end: number,
    watcher: Watcher,
    type: WatcherType,
  ): boolean {
    const isInData = this.#data.remove(bytes, start, end, watcher, dataModesByType[type])
    const isInChildren = this.#children.remove(bytes, start, end, watcher, childModesByType[type])
    return isInData || isInChildren
  }

  /** The connection is closed. Takes the time of its own watches. */
  removeAllOf(watcher: Watcher): void {
    this.#data.removeAllOf(watcher)
    this.#children.removeAllOf(watcher)
  }

  /** The node at this path was created. Returns how many watchers were told, as all triggers do. */
  nodeCreated(bytes: Uint8Array, start: number, end: number, zxid: Zxid, aclId: number): number {
    const fired = this.#data.fire(bytes, start, end, undefined)
    return tell(fired, EventType.nodeCreated, bytes, start, end, zxid, aclId)
  }

  /** @param aclId the last ACL of the node that is gone */
  nodeDeleted(bytes: Uint8Array, start: number, end: number, zxid: Zxid, aclId: number): number {
    const inData = this.#data.fire(bytes, start, end, undefined)
    const fired = this.#children.fire(bytes, start, end, inData)
    return tell(fired, EventType.nodeDeleted, bytes, start, end, zxid, aclId)
  }

  nodeDataChanged(
    bytes: Uint8Array,
    start: number,
    end: number,
    zxid: Zxid,
    aclId: number,
  ): number {
    const fired = this.#data.fire(bytes, start, end, undefined)
    return tell(fired, EventType.nodeDataChanged, bytes, start, end, zxid, aclId)
  }

  /** A child of the node at this path was created or deleted. */
  childrenChanged(
    bytes: Uint8Array,
    start: number,
    end: number,
    zxid: Zxid,
    aclId: number,
  ): number {
    const fired = this.#children.fire(bytes, start, end, undefined)
    return tell(fired, EventType.nodeChildrenChanged, bytes, start, end, zxid, aclId)
  }

  /** `watch_count` of mntr: pairs of a connection and a path, in both tables. */
  get watchCount(): number {
    return this.#data.watchCount + this.#children.watchCount
  }

  dataWatchCounts(): DataWatchCounts {
    return {
      connectionCount: this.#data.watcherCount,
      pathCount: this.#data.pathCount,
      watchCount: this.#data.watchCount,
    }
  }

  /** `wchp`: every path with data watches. */
  dataWatchersByPath(): IterableIterator<
    readonly [path: Uint8Array, watchers: readonly Watcher[]]
  > {
    return this.#data.watchersByPath()
  }

  /** `wchc`: every connection with data watches. */
  dataPathsByWatcher(): IterableIterator<
    readonly [watcher: Watcher, paths: readonly Uint8Array[]]
  > {
    return this.#data.pathsByWatcher()
  }
}

/** The modes that a type of checkWatches and removeWatches means in the data table. */
const dataModesByType: Readonly<Record<WatcherType, number>> = {
  [WatcherType.children]: 0,
  [WatcherType.data]: WatchMode.standard,
  [WatcherType.any]: WatchMode.any,
  [WatcherType.persistent]: WatchMode.persistent,
  [WatcherType.persistentRecursive]: WatchMode.recursive,
}

/** The same in the child table. */
const childModesByType: Readonly<Record<WatcherType, number>> = {
  [WatcherType.children]: WatchMode.standard,
  [WatcherType.data]: 0,
  [WatcherType.any]: WatchMode.any,
  [WatcherType.persistent]: WatchMode.persistent,
  [WatcherType.persistentRecursive]: 0,
}

function tell(
  fired: ReadonlySet<Watcher> | undefined,
  type: EventType,
  bytes: Uint8Array,
  start: number,
  end: number,
  zxid: Zxid,
  aclId: number,
): number {
  if (fired === undefined) return 0
  for (const watcher of fired) watcher.notify(type, bytes, start, end, zxid, aclId)
  return fired.size
}
