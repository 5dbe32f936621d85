/** A lock, a lease or a place at the front of a line, from when it is granted until it is released or lost. */
import type { CallOptions, ClientCodec, ZooKeeper, Zxid } from '@quorate/client/core'
import type { Signal } from '../foundation/abort-source.ts'
import { Limit } from '../foundation/limit.ts'
import { type OwnNode, releasedError } from '../foundation/own-node.ts'
import { GuardedWriter } from './guarded-writer.ts'
import { revocationOf } from './revocation.ts'

export class HeldLock<C extends ClientCodec> implements AsyncDisposable {
  /**
   * The fencing token: greater than that of every earlier holder of the same lock. Hand it to whatever the lock
   * protects, which refuses tokens smaller than one it has seen. (Holders at the same time, of a read lock or a
   * semaphore, have different tokens in no particular order.)
   */
  readonly token: Zxid
  /** Writes to ZooKeeper that are refused once the lock is lost. */
  readonly guarded: GuardedWriter<C>
  readonly #node: OwnNode
  readonly #giveBack: () => Promise<void>
  #release: Promise<void> | undefined
  #revocation: Signal | undefined

  /** @param giveBack what releases it; by default the removal of its node */
  constructor(
    zk: ZooKeeper<C>,
    node: OwnNode,
    giveBack: () => Promise<void> = () => node.remove(),
  ) {
    this.token = node.czxid
    this.#node = node
    this.#giveBack = giveBack
    this.guarded = new GuardedWriter(zk, [this])
  }

  /** The node that it is held by. */
  get path(): string {
    return this.#node.path
  }

  /** Aborted, with a RecipeError LockLost, when the lock is lost; not when it is released. */
  get lost(): Signal {
    return this.#node.lost
  }

  /** Whether it is held by all that is known here: neither lost nor released. Right after a stall of the process, too. */
  get isHeld(): boolean {
    return this.#release === undefined && this.#node.isHeld
  }

  /** @throws RecipeError LockLost or Released, if it is not held by all that is known here */
  check(): void {
    this.#node.check()
    if (this.#release !== undefined) throw releasedError(this.path)
  }

  /**
   * Gives the lock back. Resolves when its node is gone, or will go with the session, also if the lock was lost. A
   * release that is cut short by its options goes on all the same.
   */
  async release(options: CallOptions = {}): Promise<void> {
    const { path } = this
    using limit = new Limit(this.#node.zk.world.clock, options, { op: 'release', path })
    this.#release ??= this.#giveBack()
    await limit.join(this.#release)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  /**
   * Aborted when somebody asks for the lock by `requestRevocation`, or by Curator's Revoker. Nothing happens
   * beyond that: the holder releases the lock if it wants to. Watched from the first call on.
   */
  revocation(): Signal {
    this.#revocation ??= revocationOf(this.#node)
    return this.#revocation
  }
}
