/** What all locks have in common. */
import type { CallOptions, ClientCodec } from '@quorate/client/core'
import type { LossPolicy } from '../foundation/own-node.ts'
import type { HeldLock } from './held-lock.ts'

/** `deadlineMs` bounds the whole wait; `signal` ends it. A wait that is given up leaves no node behind. */
export type AcquireOptions = CallOptions

export interface LockOptions {
  /** Who wants the lock, for others to read: the data of its node. */
  readonly id?: string
  /**
   * When `lost` is told. `lease` (the default): as soon as another may hold the lock, which is when no server has
   * answered anything of the session's last timeout. `session`: when the lock is surely lost.
   */
  readonly lossPolicy?: LossPolicy
  /**
   * Whose node names are used. `curator` (the default): those of Apache Curator. `kazoo`: those of kazoo. Nodes of either
   * kind are waited for in any case; whether they wait for ours is for them to decide.
   */
  readonly layout?: LockLayout
}

export type LockLayout = 'curator' | 'kazoo'

/** Something that at most one holder, or a bounded number of holders, has at a time. */
export interface Lock<C extends ClientCodec> {
  readonly path: string
  /**
   * Waits until the lock is held.
   * @throws ZooKeeperError OperationTimeout, Aborted, or what the servers say
   */
  acquire(options?: AcquireOptions): Promise<HeldLock<C>>
  /** Takes the lock if that can be done without waiting for another holder. */
  tryAcquire(options?: AcquireOptions): Promise<HeldLock<C> | undefined>
}

/** Holds the lock while `job` runs, and releases it whatever becomes of the job. */
export async function runWith<C extends ClientCodec, R>(
  lock: Lock<C>,
  job: (held: HeldLock<C>) => Promise<R> | R,
  options?: AcquireOptions,
): Promise<R> {
  await using held = await lock.acquire(options)
  return await job(held)
}
