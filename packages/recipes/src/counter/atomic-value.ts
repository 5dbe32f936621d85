/**
 * A value that several processes change together, each change made on the value that the others left: compare and set,
 * tried again while others are quicker (Curator's DistributedAtomicValue).
 */
import {
  type CallOptions,
  type Clock,
  type CodecChoice,
  type Stat,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { decodeValue, encodeValue } from '../foundation/coded-value.ts'
import { ensureContainer, parentOf } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import { Mutex } from '../lock/mutex.ts'
import { areEqual, pauseMs, writeConditionally } from './conditional-write.ts'

export interface AtomicOptions {
  /** So often a change is tried on what others leave before it is given up, with the error Contended. Default: no limit. */
  readonly attemptsMax?: number
  /** After so many attempts a change takes a lock, and goes on behind others who have done the same. */
  readonly promote?: { readonly lockPath: string; readonly after: number }
}

/** Both values around one change. */
export interface Changed<V> {
  readonly before: V
  readonly after: V
}

/** @param initial what the node is created with */
export function atomicValue<C extends CodecChoice>(
  zk: AnyZooKeeper,
  path: string,
  {
    codec,
    initial,
    ...options
  }: { readonly codec: C; readonly initial: ValueOf<C> } & AtomicOptions,
): AtomicValue<ValueOf<C>> {
  const client = bytesClient(zk)
  const values = valueCodecOf(codec, client.world.platform) as ValueCodec<ValueOf<C>>
  return new AtomicValue(client, path, { values, initial, ...options })
}

interface AtomicSettings<V> extends AtomicOptions {
  readonly values: ValueCodec<V>
  readonly initial: V
}

export class AtomicValue<V> {
  readonly path: string
  readonly #zk: BytesClient
  readonly #settings: AtomicSettings<V>

  constructor(zk: BytesClient, path: string, settings: AtomicSettings<V>) {
    this.path = path
    this.#zk = zk
    this.#settings = settings
  }

  /** What the time of its calls goes by. */
  get clock(): Clock {
    return this.#zk.world.clock
  }

  /** The value as the server has it that this client is connected to; `zk.sync` first, if others' last changes matter. */
  async get(options: CallOptions = {}): Promise<V> {
    using limit = this.#limit('get', options)
    return (await this.#read(limit))?.value ?? this.#settings.initial
  }

  /** Creates the node with the initial value, unless there is one. */
  async ensure(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('ensure', options)
    await this.#readOrCreate(limit)
  }

  async set(value: V, options: CallOptions = {}): Promise<void> {
    await this.update(() => value, options)
  }

  /**
   * Changes the value by `change`, which may run several times, on what others left; it may give the value itself to leave it.
   * @throws ZooKeeperError InvalidValue; any with `applied: 'unknown'` when the connection was lost and nobody can say
   * @throws RecipeError Contended after `attemptsMax` attempts
   */
  async update(change: (value: V) => V, options: CallOptions = {}): Promise<Changed<V>> {
    using limit = this.#limit('update', options)
    const { attemptsMax = Infinity, promote } = this.#settings
    const optimisticMax = Math.min(attemptsMax, promote?.after ?? Infinity)
    let changed = await this.#attempt(change, optimisticMax, limit)
    if (changed === undefined && promote !== undefined) {
      await using _ = await this.#promoted(promote.lockPath, limit)
      changed = await this.#attempt(change, attemptsMax - optimisticMax, limit)
    }
    if (changed !== undefined) return changed
    throw new RecipeError('Contended', {
      path: this.path,
      message: `${this.path} was changed by others in each of ${attemptsMax} attempts. Try again, or allow more attempts.`,
    })
  }

  async #attempt(
    change: (value: V) => V,
    attemptsMax: number,
    limit: Limit,
  ): Promise<Changed<V> | undefined> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const before = await this.#readOrCreate(limit)
      const after = change(before.value)
      const stat = await this.#write(before.stat, after, limit)
      if (stat !== undefined) return { before: before.value, after }
      await limit.pause(pauseMs(this.#zk, attempt))
    }
    return undefined
  }

  async #promoted(lockPath: string, limit: Limit): Promise<AsyncDisposable> {
    try {
      return await new Mutex(this.#zk, lockPath).acquire(limit.call)
    } catch (error) {
      throw limit.errorOf(error)
    }
  }

  /**
   * Sets the value if it is `expected` now, by its bytes.
   * @returns whether it was
   * @throws ZooKeeperError InvalidValue for either; with `applied: 'unknown'` when the connection was lost and nobody can say
   */
  async compareAndSet(expected: V, value: V, options: CallOptions = {}): Promise<boolean> {
    using limit = this.#limit('compareAndSet', options)
    const wanted = this.#encode(expected)
    for (let attempt = 1; ; attempt++) {
      const { value: now, stat } = await this.#readOrCreate(limit)
      if (!areEqual(this.#encode(now), wanted)) return false
      if ((await this.#write(stat, value, limit)) !== undefined) return true
      await limit.pause(pauseMs(this.#zk, attempt))
    }
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#zk.world.clock, options, { op, path: this.path })
  }

  #write(stat: Stat, value: V, limit: Limit): Promise<Stat | undefined> {
    const bytes = this.#encode(value)
    return writeConditionally(this.#zk, { path: this.path, bytes, version: stat.version }, limit)
  }

  /** @throws ZooKeeperError InvalidValue */
  #encode(value: V): Uint8Array | null {
    return encodeValue(this.#settings.values, this.path, value)
  }

  async #readOrCreate(limit: Limit): Promise<{ readonly value: V; readonly stat: Stat }> {
    for (;;) {
      const read = await this.#read(limit)
      if (read !== undefined) return read
      await this.#create(limit)
    }
  }

  async #read(limit: Limit): Promise<{ readonly value: V; readonly stat: Stat } | undefined> {
    try {
      const { value: bytes, stat } = await this.#zk.getWithStat(this.path, limit.call)
      return { value: decodeValue(this.#settings.values, this.path, bytes), stat }
    } catch (error) {
      if (limit.isOver) throw limit.errorOf(error)
      if (codeOf(error) === 'NoNode') return undefined
      throw error
    }
  }

  /** It does not matter whose create it is: all of them make the same node. */
  async #create(limit: Limit): Promise<void> {
    try {
      await this.#zk.create(this.path, this.#encode(this.#settings.initial), limit.call)
    } catch (error) {
      if (limit.isOver) throw limit.errorOf(error)
      if (codeOf(error) === 'NoNode') await ensureContainer(this.#zk, parentOf(this.path), limit)
      else if (codeOf(error) !== 'NodeExists' && !isPassing(error)) throw error
    }
  }
}
