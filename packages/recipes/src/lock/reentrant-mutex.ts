/**
 * A mutex that its holder may acquire again. The holder is the object: whoever shares it shares the lock, and who is to
 * be kept out has an object of its own.
 *
 * 1. The lock's node is removed when all that was acquired is released.
 * 2. One who gives up waiting does not take the lock from others who wait for it by the same object.
 * 3. A lock that was lost is not handed out again: the next one to acquire stands in the line anew.
 */
import type { ClientCodec, ZooKeeper } from '@quorate/client/core'
import { type AbortSource, abortSource } from '../foundation/abort-source.ts'
import { bytesClient } from '../foundation/bytes-client.ts'
import { Limit } from '../foundation/limit.ts'
import type { OwnNode } from '../foundation/own-node.ts'
import { HeldLock } from './held-lock.ts'
import { LineLock } from './line-lock.ts'
import { type AcquireOptions, type Lock, type LockOptions, runWith } from './lock.ts'
import { exclusive } from './lock-names.ts'

/** One time that the line is stood in, and all who share its outcome. */
interface Attempt {
  readonly giveUp: AbortSource
  /** Undefined when somebody else has the lock, and nobody waits for it. */
  readonly granted: Promise<OwnNode | undefined>
  node: OwnNode | undefined
  /** Those who wait, and those who have not released. */
  sharerCount: number
}

export class ReentrantMutex<C extends ClientCodec = 'utf8'> implements Lock<C> {
  readonly path: string
  readonly #zk: ZooKeeper<C>
  readonly #line: LineLock<C>
  #attempt: Attempt | undefined

  constructor(zk: ZooKeeper<C>, path: string, options: LockOptions = {}) {
    this.path = path
    this.#zk = zk
    this.#line = new LineLock(zk, path, { ...options, ...exclusive(options.layout) })
  }

  async acquire(options: AcquireOptions = {}): Promise<HeldLock<C>> {
    using limit = this.#limit('acquire', options)
    for (;;) {
      const attempt =
        this.#current() ?? this.#begin((giveUp) => this.#line.reach({ signal: giveUp.signal }))
      const held = await this.#share(attempt, limit)
      if (held !== undefined) return held
    }
  }

  /** Undefined, too, while another waits for the lock by this object. */
  async tryAcquire(options: AcquireOptions = {}): Promise<HeldLock<C> | undefined> {
    using limit = this.#limit('tryAcquire', options)
    const current = this.#current()
    if (current !== undefined && current.node === undefined) return undefined
    const attempt =
      current ?? this.#begin((giveUp) => this.#line.tryReach({ signal: giveUp.signal }))
    return await this.#share(attempt, limit)
  }

  /** Holds the lock while `job` runs, and releases it whatever becomes of the job. */
  run<R>(job: (held: HeldLock<C>) => Promise<R> | R, options?: AcquireOptions): Promise<R> {
    return runWith(this, job, options)
  }

  /** What there is to share. */
  #current(): Attempt | undefined {
    const attempt = this.#attempt
    return attempt?.node === undefined || attempt.node.isHeld ? attempt : undefined
  }

  #begin(reach: (giveUp: AbortSource) => Promise<OwnNode | undefined>): Attempt {
    const giveUp = abortSource()
    const attempt: Attempt = { giveUp, granted: reach(giveUp), node: undefined, sharerCount: 0 }
    this.#attempt = attempt
    void this.#follow(attempt)
    return attempt
  }

  async #follow(attempt: Attempt): Promise<void> {
    try {
      attempt.node = await attempt.granted
    } catch {
      // Those who share the attempt are told.
    }
    if (attempt.node === undefined) this.#forget(attempt)
    else if (attempt.sharerCount === 0) attempt.node.abandon()
  }

  async #share(attempt: Attempt, limit: Limit): Promise<HeldLock<C> | undefined> {
    attempt.sharerCount++
    try {
      const node = await limit.join(attempt.granted)
      if (node !== undefined) return new HeldLock(this.#zk, node, () => this.#leave(attempt, node))
    } catch (error) {
      attempt.sharerCount--
      if (attempt.sharerCount === 0) {
        this.#forget(attempt)
        attempt.giveUp.abort()
        attempt.node?.abandon()
      }
      throw error
    }
    attempt.sharerCount--
    return undefined
  }

  async #leave(attempt: Attempt, node: OwnNode): Promise<void> {
    attempt.sharerCount--
    if (attempt.sharerCount > 0) return
    this.#forget(attempt)
    await node.remove()
  }

  #forget(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = undefined
  }

  #limit(op: string, options: AcquireOptions): Limit {
    return new Limit(bytesClient(this.#zk).world.clock, options, { op, path: this.path })
  }
}
