/**
 * A lock that many readers or one writer hold, in the order in which they asked: a reader waits for the writers before
 * it, a writer for all before it. So neither starves.
 *
 * Layout: Curator's InterProcessReadWriteLock, `__READ__` and `__WRIT__`; with `layout: 'kazoo'` kazoo's ReadLock and
 * WriteLock, `__rlock__` and `__lock__`.
 */
import type { CallOptions, ClientCodec, ZooKeeper } from '@quorate/client/core'
import { type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { parentOf } from '../foundation/container.ts'
import { Limit } from '../foundation/limit.ts'
import { OwnNode } from '../foundation/own-node.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import { HeldLock } from './held-lock.ts'
import { LineLock } from './line-lock.ts'
import { reading, writing } from './lock-names.ts'
import type { LockOptions } from './lock.ts'

export class ReadWriteLock<C extends ClientCodec = 'utf8'> {
  readonly path: string
  /** The lock that its holders share. */
  readonly read: LineLock<C>
  /** The lock that its holder has alone. */
  readonly write: LineLock<C>
  readonly #zk: ZooKeeper<C>
  readonly #client: BytesClient
  readonly #options: LockOptions

  constructor(zk: ZooKeeper<C>, path: string, options: LockOptions = {}) {
    this.path = path
    this.#zk = zk
    this.#client = bytesClient(zk)
    this.#options = options
    this.read = new LineLock(zk, path, { ...options, ...reading(options.layout) })
    this.write = new LineLock(zk, path, { ...options, ...writing(options.layout) })
  }

  /**
   * Turns the write lock into a read lock, so that no other writer comes in between. The way back does not exist: two
   * readers who both want it would wait for each other.
   * @param held the write lock, which is released
   * @throws RecipeError LockLost, if it was lost before
   */
  async downgrade(held: HeldLock<C>, options: CallOptions = {}): Promise<HeldLock<C>> {
    const { id, layout, lossPolicy } = this.#options
    const { path } = held
    held.check()
    using limit = new Limit(this.#client.world.clock, options, { op: 'downgrade', path })
    const { name, prefixOf } = reading(layout)
    const place = path.slice(path.lastIndexOf(writing(layout).name) + writing(layout).name.length)
    const node = await OwnNode.create(
      this.#client,
      {
        parent: parentOf(path),
        name: name + place,
        prefixOf,
        value: id === undefined ? undefined : this.#client.world.platform.utf8Encode(id),
        mode: { ephemeral: true },
      },
      limit,
    )
    try {
      // The write lock is still there behind the read lock: so nobody was in between.
      if ((await this.#client.exists(path, limit.call)) === null) {
        const message = `${path} was lost before it became a read lock. Acquire it again.`
        throw new RecipeError('LockLost', { path, message })
      }
      await held.release(limit.call)
      node.hold(lossPolicy)
      return new HeldLock(this.#zk, node)
    } catch (error) {
      node.abandon()
      throw limit.errorOf(error)
    }
  }
}
