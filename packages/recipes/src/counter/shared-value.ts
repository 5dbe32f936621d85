/**
 * A value that several processes see and change, each told of every change of the others (Curator's SharedValue and
 * SharedCount). Between two looks it may have changed more often than it is told.
 */
import {
  type CallOptions,
  type CodecChoice,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from '@quorate/client/core'
import { cache, type Cache } from '../cache/cache.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { encodeValue } from '../foundation/coded-value.ts'
import { Limit } from '../foundation/limit.ts'
import { AtomicValue, type Changed } from './atomic-value.ts'
import { writeConditionally } from './conditional-write.ts'
import { int32Codec, withInitial } from './number-codecs.ts'

/** Four bytes, as Curator's SharedCount and kazoo's Counter with `support_curator` keep it. */
export function sharedCount(
  zk: AnyZooKeeper,
  path: string,
  { initial = 0 }: { readonly initial?: number } = {},
): SharedValue<number> {
  return new SharedValue(bytesClient(zk), path, {
    values: withInitial(int32Codec, initial),
    initial,
  })
}

/** @param initial what the node is created with */
export function sharedValue<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  { codec, initial }: { readonly codec?: C; readonly initial: ValueOf<C> },
): SharedValue<ValueOf<C>> {
  const client = bytesClient(zk)
  const values = valueCodecOf(codec ?? 'utf8', client.world.platform) as ValueCodec<ValueOf<C>>
  return new SharedValue(client, path, { values, initial })
}

/** What was seen last: its version is what {@link SharedValue.trySet} depends on. */
export interface VersionedValue<V> {
  readonly value: V
  readonly version: number
}

interface SharedSettings<V> {
  readonly values: ValueCodec<V>
  readonly initial: V
}

export class SharedValue<V> implements AsyncIterable<V>, AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #settings: SharedSettings<V>
  readonly #cache: Cache<V>
  readonly #atomic: AtomicValue<V>
  readonly #created: Promise<unknown>

  constructor(zk: BytesClient, path: string, settings: SharedSettings<V>) {
    this.path = path
    this.#zk = zk
    this.#settings = settings
    this.#atomic = new AtomicValue(zk, path, settings)
    this.#created = this.#atomic.ensure()
    this.#created.catch(() => {})
    this.#cache = cache(zk, path, { scope: 'node', codec: settings.values })
  }

  /** Resolves when the value is known. */
  async ready(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('ready', options)
    try {
      await this.#cache.ready(limit.call)
      if (this.#cache.node(this.path) !== undefined) return
      await limit.join(this.#created)
      await this.#cache.sync(limit.call)
    } catch (error) {
      throw limit.errorOf(error)
    }
  }

  /** As it was seen last. The initial value before anything was, and while there is no node or none with a valid value. */
  get value(): V {
    return this.versioned.value
  }

  /** {@link value} with its version; −1 where there is no node. */
  get versioned(): VersionedValue<V> {
    return this.#cache.node(this.path) ?? { value: this.#settings.initial, version: -1 }
  }

  /** Sets the value, whatever it is now. When it resolves, {@link SharedValue.value} shows it, or what others have written since. */
  async set(value: V, options: CallOptions = {}): Promise<void> {
    await this.update(() => value, options)
  }

  /** Changes the value by `change`, which may run several times, on what others left. */
  async update(change: (value: V) => V, options: CallOptions = {}): Promise<Changed<V>> {
    using limit = this.#limit('update', options)
    try {
      const changed = await this.#atomic.update(change, limit.call)
      await this.#shown(limit)
      return changed
    } catch (error) {
      throw limit.errorOfWrite(error)
    }
  }

  /**
   * Sets the value if nobody has changed it since it was `seen`.
   * @returns false when somebody has, or no node was seen
   * @throws ZooKeeperError InvalidValue; any with `applied: 'unknown'` when the connection was lost and nobody can say
   */
  async trySet(
    value: V,
    { seen = this.versioned, ...options }: CallOptions & { readonly seen?: VersionedValue<V> } = {},
  ): Promise<boolean> {
    using limit = this.#limit('trySet', options)
    const bytes = encodeValue(this.#settings.values, this.path, value)
    const write = { path: this.path, bytes, version: seen.version }
    if (seen.version < 0) return false
    const stat = await writeConditionally(this.#zk, write, limit)
    if (stat !== undefined) await this.#shown(limit)
    return stat !== undefined
  }

  /** The value as it is, and then each change of it; a slow reader gets the last one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<V, undefined, undefined> {
    await this.ready()
    for await (const change of this.#cache.changes({ initial: true }))
      if (change.type === 'added' || change.type === 'changed') yield change.node.value
    return undefined
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Who wrote sees it in {@link value}. It is written in any case, also if the limit is reached before that. */
  async #shown(limit: Limit): Promise<void> {
    await this.#cache.caughtUp(limit.call).catch(() => {})
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#zk.world.clock, options, { op, path: this.path })
  }
}
