/** A lock that is held by whoever stands at the front of a line. */
import type { CallOptions, ClientCodec, ZooKeeper } from '@quorate/client/core'
import { type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Limit } from '../foundation/limit.ts'
import type { OwnNode } from '../foundation/own-node.ts'
import { HeldLock } from './held-lock.ts'
import { type Contender, contendersOf, type Place, reachFront, takeFront } from './line.ts'
import { type AcquireOptions, type Lock, type LockOptions, runWith } from './lock.ts'
import { type LockKind, lockKinds } from './lock-names.ts'

export class LineLock<C extends ClientCodec> implements Lock<C> {
  readonly path: string
  readonly #zk: ZooKeeper<C>
  readonly #client: BytesClient
  readonly #options: LockOptions & LockKind

  constructor(zk: ZooKeeper<C>, path: string, options: LockOptions & LockKind) {
    this.path = path
    this.#zk = zk
    this.#client = bytesClient(zk)
    this.#options = options
  }

  async acquire(options: AcquireOptions = {}): Promise<HeldLock<C>> {
    return new HeldLock(this.#zk, await this.reach(options))
  }

  async tryAcquire(options: AcquireOptions = {}): Promise<HeldLock<C> | undefined> {
    const node = await this.tryReach(options)
    return node === undefined ? undefined : new HeldLock(this.#zk, node)
  }

  /** Holds the lock while `job` runs, and releases it whatever becomes of the job. */
  run<R>(job: (held: HeldLock<C>) => Promise<R> | R, options?: AcquireOptions): Promise<R> {
    return runWith(this, job, options)
  }

  /** Everybody in the line: the holder, or the holders, in front. */
  async contenders(options: CallOptions = {}): Promise<readonly Contender[]> {
    using limit = this.#limit('contenders', options)
    return await contendersOf(this.#client, this.path, lockKinds, limit)
  }

  /** As {@link acquire}, without a handle. */
  async reach(options: AcquireOptions): Promise<OwnNode> {
    using limit = this.#limit('acquire', options)
    const node = await reachFront(this.#client, this.#place(), limit)
    node.hold(this.#options.lossPolicy)
    return node
  }

  /** As {@link tryAcquire}, without a handle. */
  async tryReach(options: AcquireOptions): Promise<OwnNode | undefined> {
    using limit = this.#limit('tryAcquire', options)
    const node = await takeFront(this.#client, this.#place(), limit)
    node?.hold(this.#options.lossPolicy)
    return node
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#client.world.clock, options, { op, path: this.path })
  }

  #place(): Place {
    const { id, name, prefixOf, waitsFor } = this.#options
    const value = id === undefined ? undefined : this.#client.world.platform.utf8Encode(id)
    return { parent: this.path, name, prefixOf, value, kinds: lockKinds, waitsFor }
  }
}
