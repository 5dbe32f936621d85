/**
 * A configuration in one node: typed, checked, live, with the versions before it.
 *
 * 1. What does not fit the schema is never written from here, and never seen: the last valid value stays.
 * 2. Every write from here leaves its version in `<path>/history/<version>`, in the same transaction. A version that
 *    others wrote without it is added with the next write, if it is still there then.
 * 3. A write depends on the version that it was made for, so that no editor undoes another one's work unseen.
 */
import {
  type CallOptions,
  childPath,
  type Schema,
  type ValueCodec,
  valueCodecOf,
  ZooKeeperError,
} from '@quorate/client/core'
import { cache, type Cache } from '../cache/cache.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { decodeValue, encodeValue } from '../foundation/coded-value.ts'
import { ensureContainer, parentOf } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing, mayHaveBeenApplied } from '../foundation/outcome.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import { areEqual, pauseMs } from '../counter/conditional-write.ts'

export interface ConfigOptions<V> {
  /** What values are checked by, and typed: anything with `parse`, zod's schemas included. */
  readonly schema: Schema<V>
  /** The value while there is no node, or none with a valid value. Without it there is none: see {@link Config.value}. */
  readonly default?: V
  /** So many versions are kept, the present one included. Default 20. */
  readonly historyMax?: number
}

/** One version of a configuration. */
export interface ConfigVersion<V> {
  readonly version: number
  readonly value: V
  /** When the server took the version, in ms since 1970. */
  readonly time: number
}

const historyMaxDefault = 20
const historyName = 'history'

/** Follows the configuration at `path`, which need not exist. */
export function config<V>(zk: AnyZooKeeper, path: string, options: ConfigOptions<V>): Config<V> {
  return new Config(bytesClient(zk), path, options)
}

interface Write {
  readonly bytes: Uint8Array | null
  /** Whether an equal write of somebody else would be as good. */
  readonly isWhatCounts: boolean
}

interface Present {
  readonly bytes: Uint8Array | null
  readonly version: number
}

export class Config<V> implements AsyncIterable<V>, AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #options: ConfigOptions<V>
  readonly #codec: ValueCodec<V>
  readonly #cache: Cache<V>
  readonly #following: Promise<void>
  #last: { readonly value: V; readonly version: number } | undefined
  #problem: unknown

  constructor(zk: BytesClient, path: string, options: ConfigOptions<V>) {
    this.path = path
    this.#zk = zk
    this.#options = options
    this.#codec = valueCodecOf(options.schema, zk.world.platform) as ValueCodec<V>
    this.#cache = cache(zk, path, { scope: 'node', codec: this.#codec })
    this.#following = this.#follow()
  }

  /** Resolves when the configuration is known, or that there is none. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#cache.ready(options)
  }

  /**
   * The last valid value that was seen; the default before that, and when the node is gone.
   * @throws RecipeError NoValue when there is neither
   */
  get value(): V {
    const present = this.#valid
    if (present !== undefined) return present.value
    if (this.#options.default !== undefined) return this.#options.default
    throw new RecipeError('NoValue', {
      path: this.path,
      message: `${this.path} holds no valid value yet, and there is no default. Await ready(), and set one.`,
    })
  }

  /** The version of {@link value}; −1 for the default. */
  get version(): number {
    return this.#valid?.version ?? -1
  }

  /** Why the node's present value is not the one that is used; undefined when it is. */
  get problem(): unknown {
    return this.#problem
  }

  /** The value as it is, and then each valid one that takes its place; a slow reader gets the last one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<V, undefined, undefined> {
    await this.ready()
    const changes = this.#cache.changes()
    if (this.#valid !== undefined || this.#options.default !== undefined) yield this.value
    for await (const change of changes) {
      if (change.type === 'added' || change.type === 'changed') yield change.node.value
      else if (change.type === 'removed' && this.#options.default !== undefined)
        yield this.#options.default
    }
    return undefined
  }

  /**
   * Writes a value. When it resolves, {@link Config.value} shows it, or what others have written since.
   * @param version the version that it was made for; −1 for a node that does not exist. Without it any will do
   * @returns the new version
   * @throws ZooKeeperError InvalidValue, before anything is sent; BadVersion when somebody else has written meanwhile; any
   *   with `applied: 'unknown'` when the connection was lost and nobody can say
   */
  async set(
    value: V,
    { version, ...options }: CallOptions & { readonly version?: number } = {},
  ): Promise<number> {
    using limit = this.#limit('set', options)
    return await this.#set(encodeValue(this.#codec, this.path, value), version, limit)
  }

  async #set(bytes: Uint8Array | null, version: number | undefined, limit: Limit): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const present = await this.#present(limit)
      const isExpected = version === undefined || version === (present?.version ?? -1)
      const write = { bytes, isWhatCounts: true }
      const written = isExpected ? await this.#write(present, write, limit) : undefined
      if (written !== undefined) return await this.#shown(written, limit)
      if (version !== undefined)
        throw new ZooKeeperError('BadVersion', { path: this.path, op: 'set' })
      await limit.pause(pauseMs(this.#zk, attempt))
    }
  }

  /**
   * Writes what `change` makes of the present value, or of the default; again on what others wrote meanwhile, so it should
   * do nothing else.
   * @returns the new version
   * @throws RecipeError NoValue when there is no node and no default
   * @throws ZooKeeperError InvalidValue when the new value does not fit, or the one that is there: `set` replaces that one
   */
  async update(change: (value: V) => V, options: CallOptions = {}): Promise<number> {
    using limit = this.#limit('update', options)
    for (let attempt = 1; ; attempt++) {
      const present = await this.#present(limit)
      const before =
        present === undefined ? this.#default() : decodeValue(this.#codec, this.path, present.bytes)
      const write = {
        bytes: encodeValue(this.#codec, this.path, change(before)),
        isWhatCounts: false,
      }
      const written = await this.#write(present, write, limit)
      if (written !== undefined) return await this.#shown(written, limit)
      await limit.pause(pauseMs(this.#zk, attempt))
    }
  }

  /** The versions that are kept, the latest first. Those that no longer fit the schema are left out. */
  async history(options: CallOptions = {}): Promise<readonly ConfigVersion<V>[]> {
    using limit = this.#limit('history', options)
    return await this.#history(limit)
  }

  async #history(limit: Limit): Promise<readonly ConfigVersion<V>[]> {
    const names = (await this.#historyNames(limit)).toReversed()
    const requests = names.map((name) => ({ get: childPath(this.#historyPath, name) }))
    const reads = await this.#zk.multiRead(requests, limit.call).catch((error: unknown) => {
      throw limit.errorOf(error)
    })
    return reads.flatMap((read, i) => {
      if (read.error !== undefined) return []
      try {
        const value = this.#codec.decode(read.value)
        return [{ version: Number(names[i]), value, time: read.stat.ctime }]
      } catch {
        return []
      }
    })
  }

  /**
   * Writes the value of an earlier version as a new one.
   * @returns the new version
   * @throws RecipeError NoVersion when it is not kept any more, or does not fit the schema any more
   */
  async rollBack(version: number, options: CallOptions = {}): Promise<number> {
    using limit = this.#limit('rollBack', options)
    const found = (await this.#history(limit)).find((one) => one.version === version)
    if (found === undefined)
      throw new RecipeError('NoVersion', {
        path: this.path,
        message: `version ${version} of ${this.path} is not kept. See history() for those that are.`,
      })
    return await this.#set(encodeValue(this.#codec, this.path, found.value), undefined, limit)
  }

  async close(): Promise<void> {
    await this.#cache.close()
    await this.#following
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What is there, or was before something that does not fit. */
  get #valid(): { readonly value: V; readonly version: number } | undefined {
    const node = this.#cache.node(this.path)
    return node ?? (this.#cache.size === 0 ? undefined : this.#last)
  }

  get #historyPath(): string {
    return childPath(this.path, historyName)
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#zk.world.clock, options, { op, path: this.path })
  }

  async #follow(): Promise<void> {
    try {
      for await (const change of this.#cache.changes()) {
        this.#problem = change.type === 'invalid' ? change.error : undefined
        if (change.type === 'removed') this.#last = undefined
        else if (change.type !== 'invalid') this.#last = change.node
      }
    } catch (error) {
      this.#problem = error
    }
  }

  #default(): V {
    const { default: value } = this.#options
    if (value !== undefined) return value
    throw new RecipeError('NoValue', {
      path: this.path,
      message: `${this.path} does not exist, and there is no default to change. Set a value first.`,
    })
  }

  async #present(limit: Limit): Promise<Present | undefined> {
    try {
      const { value, stat } = await this.#zk.getWithStat(this.path, limit.call)
      return { bytes: value, version: stat.version }
    } catch (error) {
      if (limit.isOver) throw limit.errorOf(error)
      if (codeOf(error) === 'NoNode') return undefined
      throw error
    }
  }

  /** Who wrote sees it in {@link value}. It is written in any case, also if the limit is reached before that. */
  async #shown(written: number, limit: Limit): Promise<number> {
    await this.#cache.caughtUp(limit.call).catch(() => {})
    return written
  }

  /** Names of history nodes, the earliest first. */
  async #historyNames(limit: Limit): Promise<readonly string[]> {
    try {
      const names = await this.#zk.children(this.#historyPath, limit.call)
      return names.filter((name) => /^\d{10}$/.test(name)).toSorted((a, b) => Number(a) - Number(b))
    } catch (error) {
      if (limit.isOver) throw limit.errorOf(error)
      if (codeOf(error) === 'NoNode') return []
      throw error
    }
  }

  /**
   * Sent again as it was after a lost answer, a write is made at most once: all of it depends on the version.
   * @returns the new version; undefined when the node was changed since `present` was read
   */
  async #write(
    present: Present | undefined,
    write: Write,
    limit: Limit,
  ): Promise<number | undefined> {
    const version = (present?.version ?? -1) + 1
    for (let isInDoubt = false; ;) {
      try {
        await this.#commit(present, write.bytes, limit)
        return version
      } catch (error) {
        if (limit.isOver) throw limit.errorOf(error)
        isInDoubt ||= mayHaveBeenApplied(error)
        if (isPassing(error)) await limit.pause(pauseMs(this.#zk))
        else if (codeOf(error) === 'NoNode' && present === undefined)
          await ensureContainer(this.#zk, parentOf(this.path), limit)
        else if (!conflicts.has(codeOf(error) ?? '')) throw error
        else return isInDoubt ? this.#outcome(version, write, limit) : undefined
      }
    }
  }

  /** What became of a write whose answer was lost: the node may have been changed by it, or by another one. */
  async #outcome(version: number, write: Write, limit: Limit): Promise<number | undefined> {
    const now = await this.#present(limit)
    if (now?.version === version && !areEqual(now.bytes, write.bytes)) return undefined
    if (now?.version === version && write.isWhatCounts) return version
    const { path } = this
    throw new ZooKeeperError('ConnectionLoss', { path, op: 'multi', applied: 'unknown' })
  }

  async #commit(
    present: Present | undefined,
    bytes: Uint8Array | null,
    limit: Limit,
  ): Promise<void> {
    const transaction = this.#zk.transaction()
    if (present === undefined) {
      transaction.create(this.path, bytes).create(this.#historyPath, null)
      transaction.create(this.#versionPath(0), bytes)
      await transaction.commit(limit.call)
      return
    }
    const names = await this.#historyNames(limit)
    transaction.set(this.path, bytes, { version: present.version })
    if (names.length === 0 && (await this.#zk.exists(this.#historyPath, limit.call)) === null)
      transaction.create(this.#historyPath, null)
    const kept = [...names]
    if (!kept.includes(nameOf(present.version))) {
      transaction.create(this.#versionPath(present.version), present.bytes)
      kept.push(nameOf(present.version))
    }
    transaction.create(this.#versionPath(present.version + 1), bytes)
    const { historyMax = historyMaxDefault } = this.#options
    const surplus = kept.slice(0, Math.max(0, kept.length + 1 - historyMax))
    for (const name of surplus) transaction.delete(childPath(this.#historyPath, name))
    await transaction.commit(limit.call)
  }

  #versionPath(version: number): string {
    return childPath(this.#historyPath, nameOf(version))
  }
}

/** What a transaction says when somebody else was quicker. */
const conflicts: ReadonlySet<string> = new Set(['BadVersion', 'NodeExists', 'NoNode', 'NotEmpty'])

function nameOf(version: number): string {
  return String(version).padStart(10, '0')
}
