/**
 * Waits for nodes to be deleted, by one watch a node.
 *
 * 1. However many wait for one node, and however often a wait is given up, the client has one listener on it.
 * 2. The watch is one of children, set by the call that finds the node there: it is silent about changes of the node's
 *    data, is not left behind by a node that is gone already, and needs no codec for the data.
 * 3. Who waits has listed the node after, or in the same view as, everything this client was told so far.
 *
 * The client sets its watches again after a reconnection and tells what was deleted meanwhile. When the session is lost
 * nothing more is told: whoever waits has a limit that knows of that.
 */
import type { Change } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'
import type { Limit } from './limit.ts'
import { codeOf } from './outcome.ts'

interface Listening {
  readonly stop: () => void
  readonly armed: Promise<void>
}

interface Watched {
  readonly waiters: Set<() => void>
  /** Settled once the server has the watch. */
  arming: Promise<void> | undefined
}

class DeletionWatches {
  readonly #zk: BytesClient
  readonly #watchedByPath = new Map<string, Watched>()

  constructor(zk: BytesClient) {
    this.#zk = zk
    zk.on('state', ({ state }) => {
      if (state === 'expired' || state === 'closed') this.#watchedByPath.clear()
    })
  }

  /**
   * Calls `deleted` once, when the node goes or if it is not there. Returns how to stop waiting, and a promise that is
   * rejected when the watch could not be set.
   */
  listen(path: string, deleted: () => void): Listening {
    let watched = this.#watchedByPath.get(path)
    if (watched === undefined) {
      watched = { waiters: new Set(), arming: undefined }
      this.#watchedByPath.set(path, watched)
    }
    const { waiters } = watched
    waiters.add(deleted)
    watched.arming ??= this.#arm(path, watched)
    return { stop: () => void waiters.delete(deleted), armed: watched.arming }
  }

  async #arm(path: string, watched: Watched): Promise<void> {
    const watch = ({ type }: Change): void => {
      if (type === 'nodeDeleted') this.#told(path, watched)
      // A child came or went, which ephemeral nodes do not have: the watch is used up.
      else if (watched.waiters.size === 0) this.#forget(path, watched)
      else (watched.arming = this.#arm(path, watched)).catch(() => {})
    }
    try {
      await this.#zk.children(path, { watch })
    } catch (error) {
      if (codeOf(error) === 'NoNode') {
        this.#told(path, watched)
        return
      }
      this.#forget(path, watched)
      throw error
    }
  }

  #told(path: string, watched: Watched): void {
    this.#forget(path, watched)
    for (const waiter of watched.waiters) waiter()
  }

  #forget(path: string, watched: Watched): void {
    if (this.#watchedByPath.get(path) === watched) this.#watchedByPath.delete(path)
  }
}

const watchesByClient = new WeakMap<object, DeletionWatches>()

function deletionWatches(zk: BytesClient): DeletionWatches {
  let watches = watchesByClient.get(zk)
  if (watches === undefined) {
    watches = new DeletionWatches(zk)
    watchesByClient.set(zk, watches)
  }
  return watches
}

/** Calls `deleted` when the node goes or is not there, until `stop` is called. Failures to watch are told to `failed`. */
export function onDeleted(
  zk: BytesClient,
  path: string,
  listener: { deleted(): void; failed(error: unknown): void },
): () => void {
  const { stop, armed } = deletionWatches(zk).listen(path, () => listener.deleted())
  let isStopped = false
  armed.catch((error: unknown) => {
    if (!isStopped) listener.failed(error)
  })
  return () => {
    isStopped = true
    stop()
  }
}

/**
 * Resolves when there is no such node.
 * @throws ZooKeeperError, or the limit's error
 */
export async function untilDeleted(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  await limit.wait((wake, fail) => onDeleted(zk, path, { deleted: wake, failed: fail }))
}
