/**
 * How far a leader's own log is behind what the others have on their disks, in time. What is committed and not durable here is on a
 * quorum of other disks, so the age of such a commit is the time by which this disk is slower than theirs; a disk that is as slow as
 * all others has none.
 *
 * A disk is slow when one sync makes the log lag for the limit, or when many shorter ones do for most of a long time: lags from a tenth
 * of the limit on are summed up, time without them counts twice against the sum, and ten times the limit is too much.
 */
import type { Zxid } from '@quorate/protocol'

/** In tenths and tens of the limit. */
const notableShare = 10
const sumLimits = 10
/** Two disks that are equally slow, and not in step, lag behind each other half of the time. */
const recoverySpeed = 2

export class DiskLag {
  readonly #limitMs: number
  /** Committed and not durable here, and since when that is known. */
  #watched: { readonly zxid: Zxid; readonly sinceMs: number } | undefined
  #sumMs = 0
  /** Up to when the sum counts. */
  #summedToMs: number

  /** @param limitMs 0: no disk is too slow */
  constructor(limitMs: number, nowMs: number) {
    this.#limitMs = limitMs
    this.#summedToMs = nowMs
  }

  /** To be told whenever either may have grown. */
  observe(log: { readonly committed: Zxid; readonly durable: Zxid; readonly nowMs: number }): void {
    const { committed, durable, nowMs } = log
    if (this.#watched !== undefined && durable >= this.#watched.zxid) {
      this.#sumMs = this.#sumAt(nowMs)
      this.#summedToMs = nowMs
      this.#watched = undefined
    }
    if (committed > durable && this.#watched === undefined) {
      this.#sumMs = this.#sumAt(nowMs)
      this.#summedToMs = nowMs
      this.#watched = { zxid: committed, sinceMs: nowMs }
    }
  }

  /** Of the one sync that covers what is watched, roughly and from below; 0: nothing lacks. */
  lagMs(nowMs: number): number {
    return this.#watched === undefined ? 0 : nowMs - this.#watched.sinceMs
  }

  /** @returns why the disk is too slow to lead on; undefined: it is not */
  slowness(nowMs: number): string | undefined {
    if (this.#limitMs === 0) return undefined
    const lagMs = this.lagMs(nowMs)
    const lacked = 'its log has lacked what is on the disks of the others'
    if (lagMs >= this.#limitMs) return `for ${lagMs} ms ${lacked}`
    const sumMs = this.#sumAt(nowMs)
    if (sumMs < sumLimits * this.#limitMs) return undefined
    return `again and again, for more than ${sumMs} ms by now, ${lacked}`
  }

  #sumAt(nowMs: number): number {
    const passedMs = nowMs - this.#summedToMs
    if (this.lagMs(nowMs) * notableShare >= Math.max(1, this.#limitMs))
      return this.#sumMs + passedMs
    return Math.max(0, this.#sumMs - recoverySpeed * passedMs)
  }
}
