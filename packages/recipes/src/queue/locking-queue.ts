/**
 * A queue whose items stay in it, locked, until they are consumed (kazoo's LockingQueue): `<path>/entries` has the items,
 * and `<path>/taken` an ephemeral node for each that somebody works on.
 *
 * 1. An item is worked on by one consumer at a time, as far as sessions tell: one that is lost frees the item for others.
 * 2. An item is consumed once: by a transaction of the session that holds it.
 * 3. No item is lost with its consumer. One whose session was lost may have done the job, or half of it, all the same: make
 *    jobs such that they can be done twice.
 */
import {
  type CallOptions,
  childPath,
  type CodecChoice,
  type SessionId,
  type ValueCodec,
  type ValueOf,
} from '@quorate/client/core'
import type { Signal } from '../foundation/abort-source.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { encodeValue } from '../foundation/coded-value.ts'
import { ensureLasting } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing, mayHaveBeenApplied } from '../foundation/outcome.ts'
import { OwnNode } from '../foundation/own-node.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import { removeNode } from '../foundation/removal.ts'
import { sessionOf } from '../foundation/session-identity.ts'
import { randomUuid } from '../foundation/uuid.ts'
import { orderByPriority, priorityName } from './priority.ts'
import { decodeItem, itemCodec, type PutOptions, putItem, type QueueOptions } from './queue.ts'
import { WaitingNames } from './waiting-names.ts'

export function lockingQueue<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  options: QueueOptions<C> = {},
): LockingQueue<ValueOf<C>> {
  const client = bytesClient(zk)
  return new LockingQueue(client, path, itemCodec(client, options))
}

export class LockingQueue<V> {
  readonly path: string
  readonly #zk: BytesClient
  readonly #codec: ValueCodec<V>
  readonly #entries: string
  readonly #taken: string
  readonly #names: WaitingNames
  /** Tells our locks from those of other queues on the same session. */
  readonly #id: Uint8Array

  constructor(zk: BytesClient, path: string, codec: ValueCodec<V>) {
    this.path = path
    this.#zk = zk
    this.#codec = codec
    this.#entries = childPath(path, 'entries')
    this.#taken = childPath(path, 'taken')
    this.#id = zk.world.platform.utf8Encode(randomUuid(zk.world.random).replaceAll('-', ''))
    this.#names = new WaitingNames(zk, {
      path: this.#entries,
      takenPath: this.#taken,
      order: orderByPriority,
      hasPriorities: true,
    })
  }

  /** @throws ZooKeeperError InvalidValue; and any with `applied: 'unknown'` when nobody can say: put again it may be there twice */
  async put(value: V, { priority, ...options }: PutOptions = {}): Promise<void> {
    const bytes = encodeValue(this.#codec, this.path, value)
    using limit = new Limit(this.#zk.world.clock, options, { op: 'put', path: this.path })
    await putItem(
      this.#zk,
      childPath(this.#entries, priorityName(this.path, priority)),
      bytes,
      limit,
    )
  }

  /** Waits for an item and locks it. What does not fit the codec is told when its value is asked for. */
  async take(options: CallOptions = {}): Promise<TakenItem<V>> {
    using limit = this.#limit(options)
    for (;;) {
      const item = await this.#next(limit)
      if (item !== undefined) return item
      await this.#names.more(limit)
    }
  }

  /** Locks an item if there is one to be had; undefined if not. */
  async tryTake(options: CallOptions = {}): Promise<TakenItem<V> | undefined> {
    using limit = this.#limit(options)
    return await this.#next(limit)
  }

  /** How many items there are, those that are worked on included. */
  async count(options: CallOptions = {}): Promise<number> {
    return (await this.#zk.exists(this.#entries, options))?.numChildren ?? 0
  }

  #limit(options: CallOptions): Limit {
    return new Limit(this.#zk.world.clock, options, { op: 'take', path: this.path })
  }

  async #next(limit: Limit): Promise<TakenItem<V> | undefined> {
    for (;;) {
      limit.check()
      const name = await this.#names.next(limit)
      if (name === undefined) return undefined
      const claiming = this.#claim(name)
      try {
        const item = await limit.join(claiming)
        if (item !== undefined) return item
      } catch (error) {
        claiming.then((item) => item?.release()).catch(() => {})
        throw error
      }
    }
  }

  /** Locks the item of the name, unless somebody else has it. Under no limit: what has been begun comes to its end. */
  async #claim(name: string): Promise<TakenItem<V> | undefined> {
    const path = childPath(this.#entries, name)
    const lock = await this.#lock(childPath(this.#taken, name)).catch((error: unknown) => {
      this.#names.done(name)
      throw error
    })
    if (lock === undefined) {
      this.#names.done(name)
      return undefined
    }
    try {
      const bytes = await this.#zk.get(path)
      const item = { path, bytes }
      return new TakenItem(lock, item, this.#codec, (isBack) => this.#names.done(name, isBack))
    } catch (error) {
      this.#names.done(name)
      const removed = removeNode(this.#zk, lock.path)
      // Consumed by who had it before.
      if (codeOf(error) !== 'NoNode') throw error
      await removed
      return undefined
    }
  }

  async #lock(path: string): Promise<ItemLock | undefined> {
    for (let isInDoubt = false; ;) {
      try {
        const { stat } = await this.#zk.createWithStat(path, this.#id, { ephemeral: true })
        return new ItemLock(this.#zk, path, stat.czxid)
      } catch (error) {
        const code = codeOf(error)
        isInDoubt ||= mayHaveBeenApplied(error)
        if (code === 'NodeExists') return isInDoubt ? await this.#own(path) : undefined
        if (code === 'NoNode') {
          using limit = new Limit(this.#zk.world.clock, {}, { op: 'take', path })
          await ensureLasting(this.#zk, this.#taken, limit)
        } else if (!isPassing(error)) throw error
      }
    }
  }

  /** The lock that a create whose answer was lost may have left. */
  async #own(path: string): Promise<ItemLock | undefined> {
    try {
      const { value, stat } = await this.#zk.getWithStat(path)
      const isOurs =
        BigInt.asUintN(64, stat.ephemeralOwner) === sessionOf(this.#zk) &&
        value?.length === this.#id.length &&
        value.every((byte, i) => byte === this.#id[i])
      return isOurs ? new ItemLock(this.#zk, path, stat.czxid) : undefined
    } catch (error) {
      if (codeOf(error) === 'NoNode') return undefined
      throw error
    }
  }
}

/** The node that says who works on an item. */
class ItemLock {
  readonly zk: BytesClient
  readonly path: string
  readonly node: OwnNode
  readonly session: SessionId | undefined

  constructor(zk: BytesClient, path: string, czxid: number) {
    this.zk = zk
    this.path = path
    this.session = sessionOf(zk)
    const owner = this.session ?? (0n as SessionId)
    this.node = new OwnNode(zk, { path, name: path.slice(path.lastIndexOf('/') + 1), czxid, owner })
    this.node.hold()
  }
}

/** An item that is locked here: consume it when the job is done, or release it for others. */
export class TakenItem<V> implements AsyncDisposable {
  /** The item's node. */
  readonly path: string
  readonly #lock: ItemLock
  readonly #bytes: Uint8Array | null
  readonly #codec: ValueCodec<V>
  readonly #done: (isBack: boolean) => void
  #consuming: Promise<void> | undefined

  constructor(
    lock: ItemLock,
    { path, bytes }: { readonly path: string; readonly bytes: Uint8Array | null },
    codec: ValueCodec<V>,
    done: (isBack: boolean) => void,
  ) {
    this.path = path
    this.#lock = lock
    this.#bytes = bytes
    this.#codec = codec
    this.#done = done
  }

  /** @throws QueueItemError InvalidItem when the item does not fit the codec */
  get value(): V {
    return decodeItem(this.#codec, { path: this.path, bytes: this.#bytes })
  }

  /** Greater than that of whoever had the item before: a fencing token for what the job changes. */
  get token(): number {
    return this.#lock.node.czxid
  }

  /** Whether the item is locked here, by all that is known. */
  get isHeld(): boolean {
    return this.#consuming === undefined && this.#lock.node.isHeld
  }

  /** Aborted, with a RecipeError LockLost, when somebody else may have the item. */
  get lost(): Signal {
    return this.#lock.node.lost
  }

  /**
   * Takes the item out of the queue, for good.
   * @throws RecipeError LockLost when the lock was lost first: somebody else has the item, or will have it
   */
  consume(): Promise<void> {
    this.#consuming ??= this.#consume()
    return this.#consuming
  }

  /** Gives the item back, unless it was consumed. */
  async release(): Promise<void> {
    if (this.#consuming !== undefined) {
      await this.#consuming.catch(() => {})
      return
    }
    await this.#lock.node.remove()
    this.#done(true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  async #consume(): Promise<void> {
    const { zk, node, session } = this.#lock
    node.check()
    node.handOver()
    for (let isInDoubt = false; ;) {
      // As long as the session lives the lock is ours; in another one it may be somebody else's.
      if (sessionOf(zk) !== session) throw this.#lostError()
      try {
        await zk.transaction().delete(this.path).delete(this.#lock.path).commit()
        break
      } catch (error) {
        isInDoubt ||= mayHaveBeenApplied(error)
        const code = codeOf(error)
        if (code === 'NoNode' && isInDoubt) break
        if (code === 'NoNode' || code === 'SessionExpired') throw this.#lostError(error)
        if (!isPassing(error)) throw error
      }
    }
    this.#done(false)
  }

  #lostError(cause?: unknown): RecipeError {
    const message = `the item ${this.path} is no longer held here, so it was not consumed. Somebody else has it, or will have it.`
    return new RecipeError('LockLost', { path: this.path, message, cause })
  }
}
