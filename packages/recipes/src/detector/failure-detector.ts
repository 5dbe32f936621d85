/**
 * Who of a group is alive, sooner than by the end of sessions: a member whose {@link Heartbeat} is late, compared with how
 * regular it was before, is suspected; one whose node is gone has failed or left.
 *
 * 1. A suspicion is a guess. It is taken back with the next sign of life; act on it only in ways that do no harm when it
 *    is wrong.
 * 2. While this process cannot see the group, because it is cut off or stood still itself, nobody becomes suspect, and
 *    no silence of that time counts.
 * 3. Before anybody becomes suspect the ensemble is asked: signs that are on their way to this process, which a late one of its own
 *    or a server's hides, are heard first. While the ensemble does not answer, nobody could give any.
 */
import type { Alarm, CallOptions, Clock } from '@quorate/client/core'
import { cache, type Cache } from '../cache/cache.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { nameOf } from '../foundation/container.ts'
import { Feed } from '../foundation/feed.ts'
import { Arrivals } from './arrivals.ts'

export type MemberStatus = 'alive' | 'suspected'

export interface FailureDetectorOptions {
  /**
   * How unlikely a silence has to be for a suspicion: φ. With 8, the default, a member is suspected after a silence of
   * some 18 of its mean intervals.
   */
  readonly threshold?: number
}

const thresholdDefault = 8
/** An alarm that rings so much too late says that this process stood still. */
const stallMs = 500

/** Watches the group at `path`. @throws RangeError for a threshold that is not above 0 */
export function failureDetector(
  zk: AnyZooKeeper,
  path: string,
  { threshold = thresholdDefault }: FailureDetectorOptions = {},
): FailureDetector {
  if (!(threshold > 0))
    throw new RangeError(`the threshold is ${threshold}, and more than 0 is needed`)
  return new FailureDetector(bytesClient(zk), cache(zk, path, { scope: 'children' }), threshold)
}

interface Member {
  readonly arrivals: Arrivals
  status: MemberStatus
}

export class FailureDetector implements AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #clock: Clock
  readonly #cache: Cache<string>
  readonly #threshold: number
  readonly #membersById = new Map<string, Member>()
  readonly #feed = new Feed<ReadonlyMap<string, MemberStatus>>(new Map())
  readonly #stopListening: () => void
  #alarm: Alarm | undefined
  #alarmAtMs = 0
  #isAsking = false
  #isClosed = false

  constructor(zk: BytesClient, members: Cache<string>, threshold: number) {
    this.path = members.path
    this.#zk = zk
    this.#clock = zk.world.clock
    this.#cache = members
    this.#threshold = threshold
    this.#stopListening = zk.on('state', () => this.#lookAgain())
    void this.#follow()
  }

  /** Resolves when the members are known. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#cache.ready(options)
  }

  /** The members that are there, by id. */
  get members(): ReadonlyMap<string, MemberStatus> {
    return this.#feed.value
  }

  /** How suspicious the silence of a member is at this moment; undefined for one that is not there. */
  phi(id: string): number | undefined {
    return this.#membersById.get(id)?.arrivals.phi(this.#clock.nowMs())
  }

  /** The members as they are, and again whenever one comes, goes, is suspected or is heard again. */
  changes(): AsyncGenerator<ReadonlyMap<string, MemberStatus>, undefined, undefined> {
    return this.#feed.values()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#alarm?.cancel()
    this.#stopListening()
    this.#feed.end()
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #follow(): Promise<void> {
    try {
      for await (const { type, path } of this.#cache.changes({ initial: true }))
        if (path !== this.path) this.#told(type, nameOf(path))
      this.#feed.end()
    } catch (error) {
      this.#feed.end(error)
    }
  }

  #told(type: 'added' | 'changed' | 'removed' | 'invalid', id: string): void {
    const nowMs = this.#clock.nowMs()
    const known = this.#membersById.get(id)
    if (type === 'removed') this.#membersById.delete(id)
    else if (known === undefined)
      this.#membersById.set(id, { arrivals: new Arrivals(nowMs), status: 'alive' })
    else known.arrivals.heard(nowMs)
    this.#judge()
  }

  /** The connection was lost, or is there again: what was not heard meanwhile is nobody's fault. */
  #lookAgain(): void {
    this.#excuseAll()
    this.#judge()
  }

  #excuseAll(): void {
    for (const { arrivals } of this.#membersById.values()) arrivals.excuse(this.#clock.nowMs())
  }

  /** @param isAsked whether all signs are heard that were given: only then may anybody become suspect */
  #judge(isAsked = false): void {
    const nowMs = this.#clock.nowMs()
    const seesGroup = this.#zk.state === 'connected'
    for (const member of this.#membersById.values()) {
      const isLate = member.arrivals.phi(nowMs) >= this.#threshold
      if (isLate && seesGroup && isAsked) member.status = 'suspected'
      else if (!isLate && seesGroup) member.status = 'alive'
    }
    this.#publish()
    this.#schedule(nowMs)
  }

  #publish(): void {
    const before = this.#feed.value
    const now = new Map([...this.#membersById].map(([id, { status }]) => [id, status]))
    const isSame = now.size === before.size && [...now].every(([id, to]) => before.get(id) === to)
    if (!isSame) this.#feed.publish(now)
  }

  /** For the moment at which the next member would become suspect. */
  #schedule(nowMs: number): void {
    // The answer leads here again.
    if (this.#isAsking) return
    this.#alarm?.cancel()
    this.#alarm = undefined
    const times = [...this.#membersById.values()]
      .filter(({ status }) => status === 'alive')
      .map(({ arrivals }) => arrivals.reachesAtMs(this.#threshold) ?? Infinity)
    this.#alarmAtMs = Math.max(nowMs, Math.min(...times))
    if (this.#alarmAtMs === Infinity || this.#zk.state !== 'connected') return
    this.#alarm = this.#clock.wakeAfter(this.#alarmAtMs - nowMs, () => {
      if (this.#clock.nowMs() > this.#alarmAtMs + stallMs) this.#excuseAll()
      void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    try {
      await this.#cache.sync()
      // What the cache has told of is handled behind the answer.
      this.#clock.afterTurn(() => this.#asked(true))
    } catch {
      // The connection that comes next, if any does, is another reason to look.
      this.#alarm = this.#clock.wakeAfter(stallMs, () => this.#asked(false))
    }
  }

  #asked(isAnswered: boolean): void {
    this.#isAsking = false
    if (!this.#isClosed) this.#judge(isAnswered)
  }
}
