/**
 * Writes that are made only while a lock is held.
 *
 * Each write is a transaction that begins with a check that the lock's node exists. The node has a random name, is
 * ephemeral, and keeps its place in the line as long as it exists. So whoever lost the lock, after a pause of the
 * process or a partition, cannot write any more: not even if it does not know yet.
 */
import {
  type CallOptions,
  callOptionsOf,
  type CodecOption,
  type ClientCodec,
  type CreateOptions,
  type DeleteOptions,
  type SetOptions,
  type Stat,
  type Transaction,
  type ValueAt,
  type ZooKeeper,
  ZooKeeperError,
} from '@quorate/client/core'
import { RecipeError } from '../foundation/recipe-error.ts'

/** A node that has to exist for a write to be made. */
export interface Guard {
  readonly path: string
  /** @throws RecipeError LockLost or Released, if that is known here */
  check(): void
}

/** A transaction whose first operation is the check of the lock. */
export type GuardedTransaction<
  C extends ClientCodec,
  Results extends readonly unknown[] = [],
> = Transaction<C, [undefined, ...Results]>

/**
 * All writes reject with RecipeError LockLost when the lock is lost, and have changed nothing then. A write that a lost
 * connection cut off rejects as any other write does: `applied` says what is known.
 */
export class GuardedWriter<C extends ClientCodec> {
  readonly #zk: ZooKeeper<C>
  readonly #guards: readonly Guard[]

  constructor(zk: ZooKeeper<C>, guards: readonly Guard[]) {
    this.#zk = zk
    this.#guards = guards
  }

  async create<P extends string, K extends ClientCodec = C>(
    path: P,
    value?: ValueAt<K, P>,
    options: CreateOptions & CodecOption<K> = {},
  ): Promise<string> {
    const call = callOptionsOf(options)
    const [created] = await this.commit((writes) => writes.create(path, value, options), call)
    return created
  }

  async set<P extends string, K extends ClientCodec = C>(
    path: P,
    value: ValueAt<K, P>,
    options: SetOptions & CodecOption<K> = {},
  ): Promise<Stat> {
    const call = callOptionsOf(options)
    const [stat] = await this.commit((writes) => writes.set(path, value, options), call)
    return stat
  }

  async delete(
    path: string,
    options: Omit<DeleteOptions, 'recursive' | 'batchSize'> = {},
  ): Promise<void> {
    const { version = -1 } = options
    await this.commit((writes) => writes.delete(path, { version }), callOptionsOf(options))
  }

  /**
   * Several writes, together or not at all: `commit((writes) => writes.set('/a', 'x').delete('/b'))`.
   * @returns the results of what was added, in order
   */
  async commit<Results extends readonly unknown[]>(
    add: (writes: GuardedTransaction<C>) => GuardedTransaction<C, Results>,
    options: CallOptions = {},
  ): Promise<Results> {
    for (const guard of this.#guards) guard.check()
    const [first, ...others] = this.#guards
    let guarded = this.#zk.transaction().check(first!.path, -1)
    for (const { path } of others)
      guarded = guarded.check(path, -1) as unknown as GuardedTransaction<C>
    try {
      const results = await add(guarded).commit(options)
      return results.slice(this.#guards.length) as unknown as Results
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  #errorOf(error: unknown): unknown {
    if (!(error instanceof ZooKeeperError)) return error
    if (error.code === 'SessionExpired' && error.applied === 'no')
      return this.#lostError(this.#guards[0]!, 'its session has expired', error)
    if (error.index === undefined) return error
    const guard = this.#guards[error.index]
    if (guard !== undefined) return this.#lostError(guard, 'its node is gone', error)
    // The caller knows of its own operations only.
    const { code, path, op, cause } = error
    const index = error.index - this.#guards.length
    return new ZooKeeperError(code, { path, op, index, cause })
  }

  #lostError({ path }: Guard, why: string, cause: unknown): RecipeError {
    const message = `${path} is no longer held, so nothing was written: ${why}.`
    return new RecipeError('LockLost', { path, message, cause })
  }
}
