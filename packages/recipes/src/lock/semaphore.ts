/**
 * A bounded number of leases, given out in the order in which they were asked for.
 *
 * Layout: Curator's InterProcessSemaphoreV2. Who wants a lease first gets a mutex below `locks`, creates its node below
 * `leases`, and waits there until no more nodes than the bound are left; so only one waits for leases to come back.
 * The number of leases stands nowhere on the servers: all who use one semaphore have to name the same.
 */
import { childPath, type CallOptions, type ClientCodec, type ZooKeeper } from '@quorate/client/core'
import { type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Limit } from '../foundation/limit.ts'
import { Occasion } from '../foundation/occasion.ts'
import { OwnNode } from '../foundation/own-node.ts'
import { isLockLost } from '../foundation/recipe-error.ts'
import { HeldLock } from './held-lock.ts'
import { type Contender, contendersOf, reachFront, takeFront } from './line.ts'
import { type AcquireOptions, type Lock, type LockOptions, runWith } from './lock.ts'
import { exclusive, lockKinds } from './lock-names.ts'

/** kazoo's semaphore has another layout, which cannot be shared with it. */
export type SemaphoreOptions = Omit<LockOptions, 'layout'>

export class Semaphore<C extends ClientCodec = 'utf8'> implements Lock<C> {
  readonly path: string
  /** How many leases there are. */
  readonly leaseCount: number
  readonly #zk: ZooKeeper<C>
  readonly #client: BytesClient
  readonly #options: SemaphoreOptions
  readonly #leases: string

  /** @throws RangeError for a number of leases that is not a positive integer */
  constructor(zk: ZooKeeper<C>, path: string, leaseCount: number, options: SemaphoreOptions = {}) {
    if (!Number.isInteger(leaseCount) || leaseCount < 1)
      throw new RangeError(
        `a semaphore has ${leaseCount} leases, and a whole number from 1 on is needed`,
      )
    this.path = path
    this.leaseCount = leaseCount
    this.#zk = zk
    this.#client = bytesClient(zk)
    this.#options = options
    this.#leases = childPath(path, 'leases')
  }

  async acquire(options: AcquireOptions = {}): Promise<HeldLock<C>> {
    using limit = this.#limit('acquire', options)
    for (;;) {
      const turn = await reachFront(this.#client, this.#turnPlace(), limit)
      const held = await this.#takeLease(turn, limit, { waits: true })
      if (held !== undefined) return held
    }
  }

  /** Undefined, too, while somebody waits for a lease. */
  async tryAcquire(options: AcquireOptions = {}): Promise<HeldLock<C> | undefined> {
    using limit = this.#limit('tryAcquire', options)
    const turn = await takeFront(this.#client, this.#turnPlace(), limit)
    if (turn === undefined) return undefined
    return await this.#takeLease(turn, limit, { waits: false })
  }

  /** Holds a lease while `job` runs, and gives it back whatever becomes of the job. */
  run<R>(job: (held: HeldLock<C>) => Promise<R> | R, options?: AcquireOptions): Promise<R> {
    return runWith(this, job, options)
  }

  /** Everybody who has a lease; the last one may be waiting for it. */
  async leaseholders(options: CallOptions = {}): Promise<readonly Contender[]> {
    using limit = this.#limit('leaseholders', options)
    return await contendersOf(this.#client, this.#leases, [leaseName], limit)
  }

  /**
   * Creates the lease's node, and waits until it is one of few enough. Gives the turn back.
   * @returns undefined when there is no lease to be had, and when the turn or the node was taken away meanwhile
   */
  async #takeLease(
    turn: OwnNode,
    limit: Limit,
    { waits }: { readonly waits: boolean },
  ): Promise<HeldLock<C> | undefined> {
    const { id, lossPolicy } = this.#options
    const value = id === undefined ? undefined : this.#client.world.platform.utf8Encode(id)
    let lease: OwnNode | undefined
    try {
      lease = await OwnNode.create(
        this.#client,
        { parent: this.#leases, name: leaseName, value },
        limit,
      )
      if (await this.#isAdmitted(lease, turn, limit, waits)) {
        lease.hold(lossPolicy)
        return new HeldLock(this.#zk, lease)
      }
      await limit.join(lease.remove())
      return undefined
    } catch (error) {
      lease?.abandon()
      if (limit.isOver || !isLockLost(error)) throw limit.errorOf(error)
      return undefined
    } finally {
      turn.abandon()
    }
  }

  async #isAdmitted(lease: OwnNode, turn: OwnNode, limit: Limit, waits: boolean): Promise<boolean> {
    for (;;) {
      using part = limit.within(lease.lost, () => lease.lost.reason)
      part.until(turn.lost, () => turn.lost.reason)
      const change = new Occasion()
      const watch = waits && change.happen
      const children = await this.#client.children(this.#leases, { watch, ...part.call })
      lease.check()
      if (children.length <= this.leaseCount) return true
      if (!waits) return false
      await part.wait(change.listen)
    }
  }

  #turnPlace(): Parameters<typeof reachFront>[1] {
    return { ...exclusive(), parent: childPath(this.path, 'locks'), kinds: lockKinds }
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#client.world.clock, options, { op, path: this.path })
  }
}

const leaseName = 'lease-'
