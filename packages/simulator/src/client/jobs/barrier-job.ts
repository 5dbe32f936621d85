/** Puts a barrier up, takes it away and waits for it; and meets others at double barriers, each of which is used for some seconds only. */
import { Barrier, DoubleBarrier } from '@quorate/recipes'
import {
  type JobParts,
  type MemberJob,
  memberRoot,
  type Rest,
  sessionOf,
  waitMostMs,
} from './member-job.ts'

export const barrierPath: string = `${memberRoot}/barrier`
export const doubleBarrierRoot: string = `${memberRoot}/double`
export const doubleBarrierMemberCount = 2

/** Those who come within this time meet. */
const roundMs = 3_000
const stayMostMs = 300

export class BarrierJob implements MemberJob {
  readonly #parts: JobParts
  readonly #barrier: Barrier
  #lastRound = -1

  constructor(parts: JobParts) {
    this.#parts = parts
    this.#barrier = new Barrier(parts.zk, barrierPath)
    parts.loop(() => this.#useBarrier())
    parts.loop(() => this.#meet())
  }

  rest(): Rest {
    return {}
  }

  async #useBarrier(): Promise<void> {
    const { client, observe, random, zk } = this.#parts
    const { lastZxid: from } = zk
    const options = { deadlineMs: 1 + random.below(waitMostMs) }
    const kind = random.next()
    if (kind < 0.3) await this.#barrier.set(options)
    else if (kind < 0.5) await this.#barrier.remove(options)
    else await this.#barrier.wait(options)
    observe({ type: 'barrierTold', client, path: barrierPath, isUp: kind < 0.3, from })
  }

  async #meet(): Promise<void> {
    const { client, nowMs, observe, pause, random, zk } = this.#parts
    const round = Math.floor(nowMs() / roundMs)
    if (round === this.#lastRound) return
    this.#lastRound = round
    const path = `${doubleBarrierRoot}/${round}`
    const barrier = new DoubleBarrier(zk, path, doubleBarrierMemberCount, { id: client })
    const options = { deadlineMs: waitMostMs }
    await barrier.enter(options)
    const memberCount = doubleBarrierMemberCount
    observe({ type: 'barrierEntered', client, path, memberCount })
    await pause(random.below(stayMostMs))
    const session = sessionOf(this.#parts)
    const { lastZxid: from } = zk
    await barrier.leave(options)
    if (session === undefined) return
    observe({ type: 'barrierLeft', client, path, session, from })
  }
}
