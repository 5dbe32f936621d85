/**
 * A queue of items, each taken by one consumer.
 *
 * 1. An item that was put is taken once; by whom, the servers decide by its deletion.
 * 2. What a take has begun to take when its caller gives up is kept for the next take here.
 * 3. A consumer that ends after it has taken an item, and before it has done the job, takes the item with it. Use
 *    {@link LockingQueue} where that matters.
 *
 * Layouts: without priorities ZooKeeper's own and Curator's SimpleDistributedQueue (`qn-NNNNNNNNNN`), with priorities
 * kazoo's Queue (`entry-PPP-NNNNNNNNNN`).
 */
import {
  type CallOptions,
  childPath,
  type CodecChoice,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { encodeValue } from '../foundation/coded-value.ts'
import { ensureLasting } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing, mayHaveBeenApplied } from '../foundation/outcome.ts'
import { sortSequenced } from '../foundation/sequence.ts'
import { orderByPriority, priorityName } from './priority.ts'
import { QueueItemError } from './queue-error.ts'
import { type Order, WaitingNames } from './waiting-names.ts'

export interface QueueOptions<C extends CodecChoice> {
  /** Of the items. Default 'utf8'. */
  readonly codec?: C
}

export interface PutOptions extends CallOptions {
  /** 0 to 999; the smallest is taken first. Default 100. */
  readonly priority?: number
}

/** Items are taken in the order in which they were put. */
export function queue<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  options: QueueOptions<C> = {},
): Queue<ValueOf<C>> {
  const client = bytesClient(zk)
  return new Queue(client, path, {
    codec: itemCodec(client, options),
    order: (names) => sortSequenced(names, ['qn-']).map(({ name }) => name),
    hasPriorities: false,
    nameOf: () => 'qn-',
  })
}

/** Items with a smaller priority are taken first, and those of one priority in the order in which they were put. */
export function priorityQueue<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  options: QueueOptions<C> = {},
): Queue<ValueOf<C>, PutOptions> {
  const client = bytesClient(zk)
  return new Queue<ValueOf<C>, PutOptions>(client, path, {
    codec: itemCodec(client, options),
    order: orderByPriority,
    hasPriorities: true,
    nameOf: ({ priority }) => priorityName(path, priority),
  })
}

export function itemCodec<C extends CodecChoice>(
  zk: BytesClient,
  { codec }: QueueOptions<C>,
): ValueCodec<ValueOf<C>> {
  return valueCodecOf(codec ?? 'utf8', zk.world.platform) as ValueCodec<ValueOf<C>>
}

interface QueueSettings<V, P> {
  readonly codec: ValueCodec<V>
  readonly order: Order
  readonly hasPriorities: boolean
  readonly nameOf: (options: P) => string
}

/** What became of an item that somebody here began to take. */
type Claim =
  | { readonly path: string; readonly bytes: Uint8Array | null }
  | { readonly error: unknown }

export class Queue<V, P extends CallOptions = CallOptions> {
  readonly path: string
  readonly #zk: BytesClient
  readonly #settings: QueueSettings<V, P>
  readonly #names: WaitingNames
  /** Taken for callers that had given up. */
  readonly #kept: Claim[] = []

  constructor(zk: BytesClient, path: string, settings: QueueSettings<V, P>) {
    this.path = path
    this.#zk = zk
    this.#settings = settings
    this.#names = new WaitingNames(zk, { path, ...settings })
  }

  /**
   * Puts an item at its place.
   * @throws ZooKeeperError InvalidValue; and any with `applied: 'unknown'` when the connection was lost and nobody can say:
   *   put it again and it may be there twice
   */
  async put(value: V, options: P = {} as P): Promise<void> {
    const { path } = this
    const bytes = encodeValue(this.#settings.codec, path, value)
    using limit = new Limit(this.#zk.world.clock, options, { op: 'put', path })
    await putItem(this.#zk, childPath(path, this.#settings.nameOf(options)), bytes, limit)
  }

  /**
   * Waits for an item and takes it.
   * @throws QueueItemError ItemInDoubt when an item is gone and nobody can say whether it was taken here; InvalidItem for
   *   one that does not fit the codec. Both have it.
   */
  async take(options: CallOptions = {}): Promise<V> {
    using limit = this.#limit(options)
    for (;;) {
      const claim = await this.#next(limit)
      if (claim !== undefined) return this.#value(claim)
      await this.#names.more(limit)
    }
  }

  /** Takes an item if there is one; undefined if not. @throws as {@link take} */
  async tryTake(options: CallOptions = {}): Promise<V | undefined> {
    using limit = this.#limit(options)
    const claim = await this.#next(limit)
    return claim === undefined ? undefined : this.#value(claim)
  }

  /** How many items wait. */
  async count(options: CallOptions = {}): Promise<number> {
    return (await this.#zk.exists(this.path, options))?.numChildren ?? 0
  }

  #limit(options: CallOptions): Limit {
    return new Limit(this.#zk.world.clock, options, { op: 'take', path: this.path })
  }

  async #next(limit: Limit): Promise<Claim | undefined> {
    for (;;) {
      limit.check()
      const kept = this.#kept.shift()
      if (kept !== undefined) return kept
      const name = await this.#names.next(limit)
      if (name === undefined) return undefined
      const claiming = this.#claim(name)
      try {
        const claim = await limit.join(claiming)
        if (claim !== undefined) return claim
      } catch (error) {
        void this.#keep(claiming)
        throw error
      }
    }
  }

  /** For the next caller. */
  async #keep(claiming: Promise<Claim | undefined>): Promise<void> {
    const claim = await claiming
    if (claim !== undefined) this.#kept.push(claim)
    this.#names.refresh()
  }

  /** Takes the item of the name, unless somebody else has. Under no limit: what has been begun must come to its end. */
  async #claim(name: string): Promise<Claim | undefined> {
    const path = childPath(this.path, name)
    let bytes: Uint8Array | null | undefined
    let isInDoubt = false
    try {
      for (;;) {
        try {
          bytes ??= await this.#zk.get(path)
          await this.#zk.delete(path)
          return { path, bytes }
        } catch (error) {
          if (codeOf(error) === 'NoNode') {
            if (!isInDoubt) return undefined
            return { error: inDoubt(path, bytes ?? null) }
          }
          isInDoubt ||= mayHaveBeenApplied(error)
          if (!isPassing(error))
            return { error: isInDoubt ? inDoubt(path, bytes ?? null, error) : error }
        }
      }
    } finally {
      this.#names.done(name)
    }
  }

  #value(claim: Claim): V {
    if ('error' in claim) throw claim.error
    return decodeItem(this.#settings.codec, claim)
  }
}

/** Creates the node of an item, and the queue's where it is missing. */
export async function putItem(
  zk: BytesClient,
  path: string,
  bytes: Uint8Array | null,
  limit: Limit,
): Promise<void> {
  for (;;) {
    try {
      await zk.create(path, bytes, { sequential: true, ...limit.call })
      return
    } catch (error) {
      if (limit.isOver) throw limit.errorOfWrite(error)
      if (codeOf(error) !== 'NoNode') throw error
      await ensureLasting(zk, path.slice(0, path.lastIndexOf('/')), limit)
    }
  }
}

/** @throws QueueItemError InvalidItem */
export function decodeItem<V>(
  codec: ValueCodec<V>,
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array | null },
): V {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    const message = `the item ${path} does not fit the codec. It has been taken; its bytes are in the error.`
    throw new QueueItemError('InvalidItem', { path, bytes, message, cause })
  }
}

function inDoubt(path: string, bytes: Uint8Array | null, cause?: unknown): QueueItemError {
  const message = `the item ${path} is gone, or going, and the answer to our deletion was lost: it was taken here, or by another consumer.`
  return new QueueItemError('ItemInDoubt', { path, bytes, message, cause })
}
