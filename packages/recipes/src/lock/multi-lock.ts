/**
 * Several locks that are held together or not at all.
 *
 * They are acquired in the order of their paths, whatever order they are named in: so two that want some of the same
 * locks never wait for each other in a circle. (Curator's InterProcessMultiLock takes them as they are named; where
 * both are used, name them in the order of their paths there.)
 */
import type { CallOptions, ClientCodec, ZooKeeper, Zxid } from '@quorate/client/core'
import { type AbortSource, abortSource, onAbort, type Signal } from '../foundation/abort-source.ts'
import { bytesClient } from '../foundation/bytes-client.ts'
import { Limit } from '../foundation/limit.ts'
import { GuardedWriter } from './guarded-writer.ts'
import type { HeldLock } from './held-lock.ts'
import type { AcquireOptions, Lock, LockOptions } from './lock.ts'
import { Mutex } from './mutex.ts'

export class MultiLock<C extends ClientCodec = 'utf8'> {
  readonly #zk: ZooKeeper<C>
  /** In the order of their paths. */
  readonly #locks: readonly Lock<C>[]

  /**
   * @param locks paths of mutexes, or locks of any kind that were made with this `zk`
   * @throws RangeError for no locks
   */
  constructor(zk: ZooKeeper<C>, locks: readonly (string | Lock<C>)[], options: LockOptions = {}) {
    if (locks.length === 0) throw new RangeError('a multi-lock needs one lock at least')
    this.#zk = zk
    this.#locks = locks
      .map((lock) => (typeof lock === 'string' ? new Mutex(zk, lock, options) : lock))
      .toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
  }

  /**
   * Waits until all are held. What was acquired is released again when one of them cannot be.
   * @throws ZooKeeperError OperationTimeout, Aborted, or what the servers say
   */
  async acquire(options: AcquireOptions = {}): Promise<HeldLocks<C>> {
    using limit = this.#limit('acquire', options)
    return (await this.#acquire((lock) => lock.acquire(limit.call), limit))!
  }

  /** Takes the locks if that can be done without waiting for another holder. */
  async tryAcquire(options: AcquireOptions = {}): Promise<HeldLocks<C> | undefined> {
    using limit = this.#limit('tryAcquire', options)
    return await this.#acquire((lock) => lock.tryAcquire(limit.call), limit)
  }

  /** Holds the locks while `job` runs, and releases them whatever becomes of the job. */
  async run<R>(job: (held: HeldLocks<C>) => Promise<R> | R, options?: AcquireOptions): Promise<R> {
    await using held = await this.acquire(options)
    return await job(held)
  }

  async #acquire(
    take: (lock: Lock<C>) => Promise<HeldLock<C> | undefined>,
    limit: Limit,
  ): Promise<HeldLocks<C> | undefined> {
    const taken: HeldLock<C>[] = []
    try {
      for (const lock of this.#locks) {
        const held = await take(lock)
        if (held === undefined) {
          await limit.join(releaseAll(taken))
          return undefined
        }
        taken.push(held)
      }
      return new HeldLocks(this.#zk, taken)
    } catch (error) {
      // Nobody waits for this; what a lost connection interrupts goes on until the session is over.
      releaseAll(taken).catch(() => {})
      throw limit.errorOf(error)
    }
  }

  #limit(op: string, options: CallOptions): Limit {
    const path = this.#locks.map((lock) => lock.path).join(' and ')
    return new Limit(bytesClient(this.#zk).world.clock, options, { op, path })
  }
}

/** Locks that are held together. As soon as one of them is lost, the others do not count any more. */
export class HeldLocks<C extends ClientCodec> implements AsyncDisposable {
  /** The locks, in the order of their paths. */
  readonly locks: readonly HeldLock<C>[]
  /** Writes to ZooKeeper that are refused once one of the locks is lost. */
  readonly guarded: GuardedWriter<C>
  readonly #lost: AbortSource = abortSource()

  constructor(zk: ZooKeeper<C>, locks: readonly HeldLock<C>[]) {
    this.locks = locks
    this.guarded = new GuardedWriter(zk, locks)
    for (const { lost } of locks) onAbort(lost, () => this.#lost.abort(lost.reason))
  }

  /** The fencing tokens, each for its own lock. */
  get tokens(): readonly Zxid[] {
    return this.locks.map(({ token }) => token)
  }

  /** Aborted, with a RecipeError LockLost, when one of the locks is lost. */
  get lost(): Signal {
    return this.#lost.signal
  }

  get isHeld(): boolean {
    return this.locks.every((lock) => lock.isHeld)
  }

  /** @throws RecipeError LockLost or Released, if they are not all held by all that is known here */
  check(): void {
    for (const lock of this.locks) lock.check()
  }

  async release(options: CallOptions = {}): Promise<void> {
    await releaseAll(this.locks, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/** All of them, whatever becomes of each. */
async function releaseAll(
  locks: readonly { release(options?: CallOptions): Promise<void> }[],
  options?: CallOptions,
): Promise<void> {
  const outcomes = await Promise.allSettled(locks.map((lock) => lock.release(options)))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
