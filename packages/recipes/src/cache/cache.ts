/**
 * A copy of a node, of its children, or of the whole tree below it, that follows the server by one persistent watch.
 *
 * 1. The copy is never older than {@link Cache.zxid}: every change up to that transaction is in it. Single nodes may be newer.
 * 2. While {@link Cache.isExact}, no node is newer either: the copy is the tree as it stood at that transaction.
 * 3. Each node goes through a part of its versions, in their order, and ends at the last one. Versions that follow each other
 *    faster than they can be read are left out.
 * 4. After a lost connection everything is read again, and the differences are told as changes; none is told twice.
 *
 * Events carry no values, so that an event makes the cache read the node ({@link NodeReader} says which reads count).
 */
import {
  type CallOptions,
  childPath,
  type CodecChoice,
  type Stat,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
  type WatchedChange,
  type WatchStream,
  ZooKeeperError,
  type Zxid,
} from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Condition } from '../foundation/condition.ts'
import { parentOf } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import type { CacheChange, CachedNode } from './cache-change.ts'
import { ChangeFeed } from './change-feed.ts'
import { NodeReader, type ReaderListener } from './node-reader.ts'
import { type NodeStat, NodeTable, TableNode } from './node-table.ts'

export interface CacheOptions<C extends CodecChoice> {
  /** The node alone, the node and its children, or all below it. Default 'tree'. */
  readonly scope?: 'node' | 'children' | 'tree'
  /** Of the values. Default 'utf8'. */
  readonly codec?: C
  /** With more nodes the cache gives up, with the error CacheTooLarge. Default 10 million. */
  readonly nodesMax?: number
}

const nodesMaxDefault = 10_000_000

/** Starts to follow the node at `path`, which need not exist. */
export function cache<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  options: CacheOptions<C> = {},
): Cache<ValueOf<C>> {
  const client = bytesClient(zk)
  const codec = valueCodecOf(options.codec ?? 'utf8', client.world.platform)
  return new Cache(client, path, {
    codec: codec as ValueCodec<ValueOf<C>>,
    scope: options.scope ?? 'tree',
    nodesMax: options.nodesMax ?? nodesMaxDefault,
  })
}

interface CacheSettings<V> {
  readonly codec: ValueCodec<V>
  readonly scope: 'node' | 'children' | 'tree'
  readonly nodesMax: number
}

export class Cache<V> implements AsyncIterable<CacheChange<V>>, AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #settings: CacheSettings<V>
  readonly #stream: WatchStream
  readonly #reader: NodeReader
  readonly #table = new NodeTable<V>()
  readonly #feeds = new Set<ChangeFeed<V>>()
  readonly #condition: Condition
  /** Counts the times that everything was read. */
  #load = 0
  #isLoading = false
  #isReady = false
  #isExact = false
  #zxid: Zxid = 0
  #settlesAgain = false
  #isSettling = false
  #isEnded = false
  /** Why it ended, unless that was asked for. */
  #error: unknown

  constructor(zk: BytesClient, path: string, settings: CacheSettings<V>) {
    this.path = path
    this.#zk = zk
    this.#settings = settings
    this.#condition = new Condition(zk.world.clock, path)
    this.#reader = new NodeReader(zk, this.#readerListener())
    this.#stream = zk.watch(path, { recursive: settings.scope !== 'node' })
    void this.#follow()
    this.#reload()
  }

  /** The copy holds every change up to this transaction. 0 until the first load is done. */
  get zxid(): Zxid {
    return this.#zxid
  }

  /** Whether the copy is the tree as it stood at {@link zxid}, with nothing newer in it. */
  get isExact(): boolean {
    return this.#isExact
  }

  /** How many nodes there are, those without a valid value included. */
  get size(): number {
    return this.#table.size
  }

  /** Resolves when everything has been read once. @throws ZooKeeperError when the nodes cannot be watched or read */
  ready(options: CallOptions = {}): Promise<void> {
    return this.#condition.until(() => this.#isReady, 'ready', options)
  }

  /** Waits until the copy holds all that the ensemble has committed by now. @returns {@link zxid} */
  async sync(options: CallOptions = {}): Promise<Zxid> {
    using limit = new Limit(this.#zk.world.clock, options, { op: 'sync', path: this.path })
    try {
      await this.#zk.sync(this.path, limit.call)
    } catch (error) {
      throw limit.errorOf(error)
    }
    return await this.#reach(limit)
  }

  /**
   * Waits until the copy holds all that this client has been told of by now, its own writes among it. Asks no server.
   * @returns {@link zxid}
   */
  async caughtUp(options: CallOptions = {}): Promise<Zxid> {
    using limit = new Limit(this.#zk.world.clock, options, { op: 'caughtUp', path: this.path })
    return await this.#reach(limit)
  }

  /** Undefined when there is no such node, or none with a valid value. */
  get(path: string): V | undefined {
    return this.node(path)?.value
  }

  node(path: string): CachedNode<V> | undefined {
    const node = this.#table.get(path)
    return node?.isValid ? node : undefined
  }

  /** Names of the nodes below, in no particular order. */
  children(path: string = this.path): readonly string[] {
    const start = path === '/' ? 1 : path.length + 1
    return Array.from(this.#table.childrenOf(path), (child) => child.slice(start))
  }

  /** All nodes with valid values, in no particular order. */
  *nodes(): IterableIterator<CachedNode<V>> {
    for (const node of this.#table.all()) if (node.isValid) yield node
  }

  /**
   * The changes from now on; with `initial`, what is there already comes first, as added. A slow reader gets the changes of
   * one node merged to one. Leaving the loop ends it.
   */
  changes(
    options: { readonly initial?: boolean } = {},
  ): AsyncIterableIterator<CacheChange<V>, undefined, undefined> {
    const feed = new ChangeFeed<V>((left) => this.#feeds.delete(left))
    if (options.initial)
      for (const node of this.nodes()) feed.push({ type: 'added', path: node.path, node })
    if (this.#isEnded) feed.finish(this.#error)
    else this.#feeds.add(feed)
    return feed
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<CacheChange<V>, undefined, undefined> {
    return this.changes()
  }

  /** Stops to follow. What was read can still be looked at. */
  async close(): Promise<void> {
    this.#end(undefined)
    await this.#stream.return()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #follow(): Promise<void> {
    try {
      for await (const change of this.#stream) this.#told(change)
      this.#end(undefined)
    } catch (error) {
      this.#end(error)
    }
  }

  #told(change: WatchedChange): void {
    if (this.#isEnded) return
    switch (change.type) {
      case 'gap':
        this.#reload()
        return
      case 'nodeCreated':
      case 'nodeDataChanged':
        if (this.#hasInScope(change.path)) this.#touched(change.path, change.zxid)
        return
      case 'nodeDeleted':
        if (this.#hasInScope(change.path)) this.#deleted(change.path, change.zxid)
        return
      case 'persistentWatchRemoved':
        this.#end(new ZooKeeperError('NoWatcher', { path: this.path }))
        return
      default:
    }
  }

  #hasInScope(path: string): boolean {
    switch (this.#settings.scope) {
      case 'tree':
        return true
      case 'children':
        return path === this.path || (path !== '/' && parentOf(path) === this.path)
      default:
        return path === this.path
    }
  }

  #touched(path: string, zxid: Zxid | undefined): void {
    const known = this.#table.get(path)
    if (known !== undefined && zxid !== undefined && known.mzxid >= zxid) return
    this.#isExact = false
    this.#reader.changed(path, zxid, false)
    this.#settleSoon()
  }

  #deleted(path: string, zxid: Zxid | undefined): void {
    this.#isExact = false
    const known = this.#table.get(path)
    if (known !== undefined && (zxid === undefined || known.czxid < zxid)) this.#remove(known)
    this.#reader.changed(path, zxid, true)
    // Nothing of the node is left to be read, but other events of its transaction are all here only behind an answer.
    this.#reader.changed(this.path, zxid, false)
    this.#settleSoon()
  }

  #reload(): void {
    this.#load++
    this.#isLoading = true
    this.#isExact = false
    this.#reader.restart()
    this.#reader.list(this.path)
  }

  #readerListener(): ReaderListener {
    return {
      found: (path, { bytes, stat }, isListed) => {
        this.#found(path, bytes, stat)
        if (isListed && stat.numChildren > 0 && this.#listsBelow(path))
          this.#reader.listChildren(path)
      },
      missing: (path) => {
        const known = this.#table.get(path)
        if (known !== undefined) this.#remove(known)
      },
      unreadable: (path, error) => this.#unreadable(path, error),
      children: (path, names) => {
        for (const name of names) this.#reader.list(childPath(path, name))
      },
      listed: () => {
        for (const node of this.#table.all()) if (node.seenIn !== this.#load) this.#remove(node)
        this.#isLoading = false
      },
      progressed: () => this.#settleSoon(),
      failed: (error) => this.#end(error),
    }
  }

  #listsBelow(path: string): boolean {
    const { scope } = this.#settings
    return scope === 'tree' || (scope === 'children' && path === this.path)
  }

  #found(path: string, bytes: Uint8Array | null, stat: Stat): void {
    const known = this.#table.get(path)
    if (known !== undefined && known.mzxid === stat.mzxid && known.czxid === stat.czxid) {
      known.seenIn = this.#load
      return
    }
    this.#isExact = false
    const old = known?.isValid ? known : undefined
    let value: V
    try {
      value = this.#settings.codec.decode(bytes)
    } catch (cause) {
      this.#putInvalid(path, stat)
      const error = new ZooKeeperError('InvalidValue', { path, cause })
      this.#emit({ type: 'invalid', path, error, old })
      return
    }
    const node = new TableNode(path, { value, isValid: true, stat }, this.#load)
    this.#put(node)
    this.#emit(
      old === undefined ? { type: 'added', path, node } : { type: 'changed', path, node, old },
    )
  }

  #unreadable(path: string, error: ZooKeeperError): void {
    const known = this.#table.get(path)
    this.#putInvalid(path, unreadStat)
    const wasToldSo = known !== undefined && !known.isValid && known.mzxid === unreadStat.mzxid
    if (!wasToldSo)
      this.#emit({ type: 'invalid', path, error, old: known?.isValid ? known : undefined })
  }

  #putInvalid(path: string, stat: NodeStat): void {
    const value = undefined as unknown as V
    this.#put(new TableNode<V>(path, { value, isValid: false, stat }, this.#load))
  }

  #put(node: TableNode<V>): void {
    this.#table.put(node)
    if (this.#table.size > this.#settings.nodesMax)
      this.#end(
        new RecipeError('CacheTooLarge', {
          path: this.path,
          message: `there are more than ${this.#settings.nodesMax} nodes at ${this.path}. Raise nodesMax, or cache less.`,
        }),
      )
  }

  #remove(known: TableNode<V>): void {
    this.#isExact = false
    this.#table.remove(known.path)
    const old = known.isValid ? known : undefined
    this.#emit({ type: 'removed', path: known.path, old })
  }

  #emit(change: CacheChange<V>): void {
    for (const feed of this.#feeds) feed.push(change)
  }

  /**
   * Looks how far the copy has come, when everything that was received by now has been handled: the client's zxid runs
   * ahead of the events that it still has to tell, but not beyond the turn in which it received them.
   */
  #settleSoon(): void {
    if (this.#isEnded) return
    if (this.#isSettling) {
      // What is received from now on may be beyond what the present look takes for received.
      this.#settlesAgain = true
      return
    }
    this.#isSettling = true
    const { clock } = this.#zk.world
    clock.afterTurn(() => {
      const load = this.#load
      const zxid = this.#zk.completeZxid
      this.#settlesAgain = false
      clock.afterTurn(() => {
        this.#isSettling = false
        if (load === this.#load) this.#settle(zxid)
        if (load !== this.#load || this.#settlesAgain) this.#settleSoon()
      })
    })
  }

  #settle(received: Zxid): void {
    if (this.#isLoading || this.#isEnded) return
    const { isIdle, readBelow } = this.#reader
    if (isIdle) {
      this.#zxid = Math.max(this.#zxid, received)
      // What came since then was of later transactions: the copy has them, too, and the next look finds how far it is.
      this.#isExact = !this.#settlesAgain
      this.#isReady = true
    } else if (readBelow !== undefined) {
      this.#zxid = Math.max(this.#zxid, Math.min(received, readBelow - 1))
      this.#isReady = true
    }
    this.#condition.check()
  }

  async #reach(limit: Limit): Promise<Zxid> {
    const upTo = this.#zk.completeZxid
    this.#settleSoon()
    await this.#condition.within(limit, () => !this.#isLoading && this.#zxid >= upTo)
    return this.#zxid
  }

  #end(error: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#error = error
    this.#isExact = false
    this.#reader.end()
    this.#condition.fail(error ?? new ZooKeeperError('Closed', { path: this.path }))
    for (const feed of this.#feeds) feed.finish(error)
    this.#feeds.clear()
  }
}

/** What there is to know of a node that cannot be read. */
const unreadStat: NodeStat = { version: -1, czxid: -1, mzxid: -1, ephemeralOwner: 0n }
