/**
 * Waits for nodes to be deleted, by one watch a node.
 *
 * 1. However many wait for one node, and however often a wait is given up, the client has one listener on it.
 * 2. The watch is one of children, set by the call that finds the node there: it is silent about changes of the node's
 *    data, is not left behind by a node that is gone already, and needs no codec for the data.
 * 3. Who waits has listed the node after, or in the same view as, everything this client was told so far.
 *
 * 4. The end of the session fails whoever waits: nothing more is told then. After a reconnection the client sets its
 *    watches again, and tells what was deleted meanwhile.
 */
import { type Change, ZooKeeperError } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'
import type { Limit } from './limit.ts'
import { codeOf } from './outcome.ts'

export interface DeletionListener {
  /** The node has gone, or is not there. */
  deleted(): void
  /** Nobody can tell: the watch could not be set, or the session is over. */
  failed(error: unknown): void
}

interface Watched {
  readonly waiters: Set<DeletionListener>
  /** Whether the server has the watch, or is asked for it. */
  isArmed: boolean
}

class DeletionWatches {
  readonly #zk: BytesClient
  readonly #watchedByPath = new Map<string, Watched>()

  constructor(zk: BytesClient) {
    this.#zk = zk
    zk.on('state', ({ state, cause }) => {
      if (state !== 'expired' && state !== 'closed') return
      const code = state === 'expired' ? 'SessionExpired' : 'Closed'
      for (const [path, watched] of this.#watchedByPath)
        this.#fail(path, watched, new ZooKeeperError(code, { path, cause }))
    })
  }

  /** Returns how to stop listening. */
  listen(path: string, listener: DeletionListener): () => void {
    let watched = this.#watchedByPath.get(path)
    if (watched === undefined) {
      watched = { waiters: new Set(), isArmed: false }
      this.#watchedByPath.set(path, watched)
    }
    const { waiters } = watched
    waiters.add(listener)
    if (!watched.isArmed) void this.#arm(path, watched)
    return () => void waiters.delete(listener)
  }

  async #arm(path: string, watched: Watched): Promise<void> {
    watched.isArmed = true
    const watch = ({ type }: Change): void => {
      if (type === 'nodeDeleted') this.#tell(path, watched)
      // A child came or went, which ephemeral nodes do not have: the watch is used up.
      else if (watched.waiters.size === 0) this.#forget(path, watched)
      else void this.#arm(path, watched)
    }
    try {
      await this.#zk.children(path, { watch })
    } catch (error) {
      if (codeOf(error) === 'NoNode') this.#tell(path, watched)
      else this.#fail(path, watched, error)
    }
  }

  #tell(path: string, watched: Watched): void {
    this.#forget(path, watched)
    for (const waiter of watched.waiters) waiter.deleted()
  }

  #fail(path: string, watched: Watched, error: unknown): void {
    this.#forget(path, watched)
    for (const waiter of watched.waiters) waiter.failed(error)
  }

  #forget(path: string, watched: Watched): void {
    if (this.#watchedByPath.get(path) === watched) this.#watchedByPath.delete(path)
  }
}

const watchesByClient = new WeakMap<BytesClient, DeletionWatches>()

/** Tells one listener of the deletion of a node, once. Returns how to stop listening. */
export function onDeleted(zk: BytesClient, path: string, listener: DeletionListener): () => void {
  let watches = watchesByClient.get(zk)
  if (watches === undefined) {
    watches = new DeletionWatches(zk)
    watchesByClient.set(zk, watches)
  }
  return watches.listen(path, listener)
}

/**
 * Resolves when there is no such node.
 * @throws ZooKeeperError, or the limit's error
 */
export async function untilDeleted(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  await limit.wait((wake, fail) => onDeleted(zk, path, { deleted: wake, failed: fail }))
}
