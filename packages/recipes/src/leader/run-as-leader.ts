/**
 * A task that one process at a time carries out, as its leader.
 *
 * Layout: Curator's LeaderSelector, a mutex with the id as data; with `layout: 'kazoo'` kazoo's Election.
 */
import type { CallOptions, ClientCodec, ZooKeeper, Zxid } from '@quorate/client/core'
import { abortSource, onAbort, type Signal } from '../foundation/abort-source.ts'
import type { GuardedWriter } from '../lock/guarded-writer.ts'
import type { HeldLock } from '../lock/held-lock.ts'
import type { LockOptions } from '../lock/lock.ts'
import { Mutex } from '../lock/mutex.ts'

/** What a leader has to know and to use. */
export interface Leadership<C extends ClientCodec> {
  /** Aborted when the leadership is lost (RecipeError LockLost), and when it is to end: stop the task then. */
  readonly signal: Signal
  /** Whether it is held by all that is known here. Right after a stall of this process, too, before the signal is told. */
  readonly isHeld: boolean
  /** The fencing token: greater than that of every earlier leader. */
  readonly token: Zxid
  /** Writes to ZooKeeper that are refused once the leadership is lost. */
  readonly guarded: GuardedWriter<C>
  /** The node that it is held by. */
  readonly path: string
}

/** `deadlineMs` bounds the wait for the leadership; `signal` ends that wait, or the task. */
export type LeaderOptions = LockOptions & CallOptions

/**
 * Waits to be the leader and carries the task out. The leadership ends with the task.
 * @returns what the task returns; a task that was told by its signal to stop may return as well
 * @throws what the task throws; ZooKeeperError OperationTimeout, Aborted, or what the servers say, before it begins
 */
export async function runAsLeader<C extends ClientCodec, R>(
  zk: ZooKeeper<C>,
  path: string,
  task: (leadership: Leadership<C>) => Promise<R> | R,
  options: LeaderOptions = {},
): Promise<R> {
  await using held = await new Mutex(zk, path, options).acquire(options)
  return await carryOut(held, task, options.signal)
}

async function carryOut<C extends ClientCodec, R>(
  held: HeldLock<C>,
  task: (leadership: Leadership<C>) => Promise<R> | R,
  stop: CallOptions['signal'],
): Promise<R> {
  const source = abortSource()
  const { guarded, lost, path, token } = held
  const releases = [onAbort(lost, () => source.abort(lost.reason))]
  if (stop !== undefined) releases.push(onAbort(stop, () => source.abort(stop.reason)))
  try {
    const { signal } = source
    return await task({
      signal,
      token,
      guarded,
      path,
      get isHeld() {
        return held.isHeld
      },
    })
  } finally {
    for (const release of releases) release()
  }
}
