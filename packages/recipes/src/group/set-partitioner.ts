/**
 * Divides a set of items among the members of a party, and anew whenever members come or go (kazoo's SetPartitioner, in its
 * layout: `party` is a ShallowParty, and `locks/<item>` a lock for each item).
 *
 * 1. An item is in one share at a time: each is behind a lock, which is released only when its share is over.
 * 2. A share is over when its owner asks for the next one, not before. `ended` says when it is time to.
 */
import { type CallOptions, childPath } from '@quorate/client/core'
import { type AbortSource, abortSource, onAbort, type Signal } from '../foundation/abort-source.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Condition } from '../foundation/condition.ts'
import { Limit } from '../foundation/limit.ts'
import { randomUuid } from '../foundation/uuid.ts'
import type { HeldLock } from '../lock/held-lock.ts'
import { Mutex } from '../lock/mutex.ts'
import { type Party, party } from './party.ts'

export interface PartitionerOptions {
  /** What is divided: names, the same for all members. */
  readonly items: readonly string[]
  /** This member, unique among them. Default: a random UUID. */
  readonly identifier?: string
  /** How long the members must have been the same before the set is divided, in ms. Default 1000 (kazoo: 30 000). */
  readonly settleMs?: number
  /** Which items are whose. Default: the sorted items are dealt to the sorted members one by one, as kazoo does. */
  readonly divide?: Divide
}

export type Divide = (
  identifier: string,
  members: readonly string[],
  items: readonly string[],
) => readonly string[]

/** What a member has to itself for the time being. */
export interface Share {
  readonly items: readonly string[]
  /** Aborted when the set has to be divided anew, or a lock was lost: stop, and ask for the next share. */
  readonly ended: Signal
}

/**
 * Joins those who share the items. The loop's body is where the items of a share are one's own:
 *
 *     for await (const { items, ended } of setPartitioner(zk, '/shards', { items: ['a', 'b', 'c'] }))
 *       await workOn(items, ended)
 */
export function setPartitioner(
  zk: AnyZooKeeper,
  path: string,
  options: PartitionerOptions,
): SetPartitioner {
  return new SetPartitioner(bytesClient(zk), path, options)
}

const settleMsDefault = 1000

export class SetPartitioner implements AsyncIterable<Share>, AsyncDisposable {
  readonly path: string
  readonly identifier: string
  readonly #zk: BytesClient
  readonly #items: readonly string[]
  readonly #settleMs: number
  readonly #divide: Divide
  readonly #party: Party
  readonly #condition: Condition
  readonly #closing: AbortSource = abortSource()
  readonly #joined: Promise<unknown>
  #members: readonly string[] = []
  #changedAtMs: number
  #locks: HeldLock<'bytes'>[] = []
  #share: AbortSource | undefined

  constructor(zk: BytesClient, path: string, options: PartitionerOptions) {
    this.path = path
    this.identifier = options.identifier ?? randomUuid(zk.world.random)
    this.#zk = zk
    this.#items = [...new Set(options.items)].toSorted(byCodeUnits)
    this.#settleMs = options.settleMs ?? settleMsDefault
    this.#divide = options.divide ?? dealt
    this.#condition = new Condition(zk.world.clock, path)
    this.#changedAtMs = zk.world.clock.nowMs()
    this.#party = party(zk, childPath(path, 'party'), { shallow: true })
    this.#joined = this.#party.join(this.identifier)
    this.#joined.catch((error: unknown) => this.#condition.fail(error))
    void this.#follow()
  }

  /** The members that are seen here. */
  get members(): readonly string[] {
    return this.#members
  }

  /**
   * Ends the share before, if there was one, and waits for the next: until the members have settled and all items of the
   * share are locked here.
   * @throws ZooKeeperError when its options or the session end the wait
   */
  async next(options: CallOptions = {}): Promise<Share> {
    const { clock } = this.#zk.world
    using limit = new Limit(clock, options, { op: 'next', path: this.path })
    limit.until(this.#closing.signal, () => this.#closing.signal.reason)
    await limit.join(this.#release())
    for (;;) {
      await this.#settled(limit)
      const share = abortSource()
      this.#share = share
      const items = this.#divide(this.identifier, this.#members, this.#items)
      if (await this.#lock(items, share, limit)) return { items, ended: share.signal }
      await this.#release()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Share, undefined, undefined> {
    try {
      while (!this.#closing.signal.aborted) yield await this.next()
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error
    } finally {
      await this.#release()
    }
    return undefined
  }

  /** Gives up the share and leaves. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the partitioner was closed'))
    this.#share?.abort(this.#closing.signal.reason)
    await this.#release()
    await this.#joined.catch(() => {})
    await this.#party.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #follow(): Promise<void> {
    try {
      for await (const members of this.#party) {
        const sorted = members.toSorted(byCodeUnits)
        if (sorted.join('/') === this.#members.join('/')) continue
        this.#members = sorted
        this.#changedAtMs = this.#zk.world.clock.nowMs()
        this.#share?.abort(new Error('the members have changed'))
        this.#condition.check()
      }
    } catch (error) {
      this.#share?.abort(error)
      this.#condition.fail(error)
    }
  }

  /** Resolves when this member is in, and nobody has come or gone for a while. */
  async #settled(limit: Limit): Promise<void> {
    const { clock } = this.#zk.world
    for (;;) {
      await this.#condition.within(limit, () => this.#members.includes(this.identifier))
      const leftMs = this.#changedAtMs + this.#settleMs - clock.nowMs()
      if (leftMs <= 0) return
      let isDue = false
      const alarm = clock.wakeAfter(leftMs, () => {
        isDue = true
        this.#condition.check()
      })
      try {
        await this.#condition.within(limit, () => isDue)
      } finally {
        alarm.cancel()
      }
    }
  }

  /** Whether all of them are locked; false when the members changed while somebody else still had one. */
  async #lock(items: readonly string[], share: AbortSource, limit: Limit): Promise<boolean> {
    using attempt = new Limit(limit.clock, limit.call, { op: 'next', path: this.path })
    attempt.until(share.signal, () => share.signal.reason)
    try {
      for (const item of items) {
        const path = childPath(childPath(this.path, 'locks'), item)
        const held = await new Mutex(this.#zk, path, { layout: 'kazoo' }).acquire(attempt.call)
        this.#locks.push(held)
        onAbort(held.lost, () => share.abort(held.lost.reason))
      }
      attempt.check()
      return true
    } catch (error) {
      if (limit.isOver) {
        // Nobody waits for this: without a connection it goes on until the session is over.
        this.#release().catch(() => {})
        throw limit.errorOf(error)
      }
      if (share.signal.aborted) return false
      throw error
    }
  }

  async #release(): Promise<void> {
    const locks = this.#locks
    this.#locks = []
    await Promise.all(locks.map((held) => held.release()))
  }
}

function dealt(
  identifier: string,
  members: readonly string[],
  items: readonly string[],
): readonly string[] {
  const at = members.indexOf(identifier)
  return items.filter((_, i) => i % members.length === at)
}

/** The same order in every process, whatever its language. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
