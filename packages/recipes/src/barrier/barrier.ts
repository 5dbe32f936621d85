/**
 * Something that holds everybody up until it is taken away: the barrier stands as long as its node exists.
 *
 * Layout: Curator's DistributedBarrier and kazoo's Barrier.
 */
import type { CallOptions } from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { ensureContainer, parentOf } from '../foundation/container.ts'
import { untilDeleted } from '../foundation/deletion-watches.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, mayHaveBeenApplied } from '../foundation/outcome.ts'

export class Barrier {
  readonly path: string
  readonly #client: BytesClient

  constructor(zk: AnyZooKeeper, path: string) {
    this.path = path
    this.#client = bytesClient(zk)
  }

  /** Puts the barrier up. It stays when this process ends. Does nothing if it stands. */
  async set(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('set', options)
    await ensureNode(this.#client, this.path, limit)
  }

  /** Takes the barrier away: everybody who waits goes on. Does nothing if there is none. */
  async remove(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('remove', options)
    await removeWithin(this.#client, this.path, limit)
  }

  /** Waits until there is no barrier. @throws ZooKeeperError OperationTimeout, Aborted, or what the servers say */
  async wait(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('wait', options)
    await untilDeleted(this.#client, this.path, limit)
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#client.world.clock, options, { op, path: this.path })
  }
}

/** Creates a node that stays, if it is not there. */
export async function ensureNode(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  for (;;) {
    try {
      await zk.create(path, undefined, limit.call)
      return
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NodeExists') return
      if (limit.isOver) throw limit.errorOf(error)
      if (code === 'NoNode' && parentOf(path) !== '/')
        await ensureContainer(zk, parentOf(path), limit)
      else if (!mayHaveBeenApplied(error)) throw error
    }
  }
}

/** Deletes the node, if it is there. */
export async function removeWithin(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  for (;;) {
    try {
      await zk.delete(path, limit.call)
      return
    } catch (error) {
      if (codeOf(error) === 'NoNode') return
      if (limit.isOver || !mayHaveBeenApplied(error)) throw limit.errorOf(error)
    }
  }
}
