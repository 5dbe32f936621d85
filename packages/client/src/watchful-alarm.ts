/** The one alarm of a session, which is set anew again and again, and knows for how long this process slept through it. */
import { StallMeter } from './stall-meter.ts'
import type { Alarm, Clock } from './world.ts'

export class WatchfulAlarm {
  readonly #clock: Clock
  readonly #ring: () => void
  readonly #stalls = new StallMeter()
  #alarm: Alarm | undefined

  /** @param ring runs once the input that is there already has been handled */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** @param atMs undefined for no alarm @param forgetAfterMs how long a stall is remembered */
  set(atMs: number | undefined, forgetAfterMs: number): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    const nowMs = this.#clock.nowMs()
    this.#stalls.awake(nowMs, forgetAfterMs)
    this.#stalls.expect(atMs ?? Infinity)
    if (atMs === undefined) return
    this.#alarm = this.#clock.wakeAfter(Math.max(0, atMs - nowMs), () => {
      this.#stalls.awake(this.#clock.nowMs(), forgetAfterMs)
      this.#clock.afterTurn(this.#ring)
    })
  }

  longestStallMs(withinMs: number): number {
    return this.#stalls.longestMs(this.#clock.nowMs(), withinMs)
  }
}
