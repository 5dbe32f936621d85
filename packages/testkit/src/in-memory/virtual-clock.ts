/**
 * Time that stands still until a test moves it.
 *
 * 1. Alarms go off in the order of their times, each at its own time, and only while the clock is moved.
 * 2. Between two alarms everything that the first one set off comes to its end, but for what waits for a later time: turns, and
 *    promises. What waits for the world outside (real sockets, files, timers) is not waited for.
 */
import type { Alarm, Clock } from '@quorate/client/core'

interface PendingAlarm {
  readonly atMs: number
  readonly wake: () => void
}

/** A promise may be handed on for some turns before somebody acts on it. */
const idleTurns = 2

export class VirtualClock implements Clock {
  readonly #epochMs = Date.now()
  #nowMs = 0
  /** In the order of their times, and of their making. */
  readonly #alarms: PendingAlarm[] = []
  #turnCount = 0
  #moving: Promise<void> = Promise.resolve()

  nowMs(): number {
    return this.#nowMs
  }

  /** Milliseconds since 1970: the real time of the start, and from there on as far as the clock was moved. */
  wallMs(): number {
    return this.#epochMs + this.#nowMs
  }

  wakeAfter(delayMs: number, wake: () => void): Alarm {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), wake }
    const at = this.#alarms.findLastIndex(({ atMs }) => atMs <= alarm.atMs) + 1
    this.#alarms.splice(at, 0, alarm)
    return {
      cancel: () => {
        const index = this.#alarms.indexOf(alarm)
        if (index >= 0) this.#alarms.splice(index, 1)
      },
    }
  }

  afterTurn(run: () => void): void {
    this.#turnCount++
    setImmediate(() => {
      this.#turnCount--
      run()
    })
  }

  /**
   * Moves the clock on. Resolves when all that was due by then has happened. Moves that are asked for together follow each other.
   * @throws RangeError: time goes forward
   */
  advance(durationMs: number): Promise<void> {
    if (!(durationMs >= 0 && durationMs < Infinity))
      return Promise.reject(
        new RangeError(`the clock cannot be moved by ${durationMs} ms; it goes forward, and stops`),
      )
    const moved = this.#moving.then(() => this.#moveTo(this.#nowMs + durationMs))
    this.#moving = moved.catch(() => {})
    return moved
  }

  async #moveTo(untilMs: number): Promise<void> {
    await this.#settle()
    while (this.#alarms[0] !== undefined && this.#alarms[0].atMs <= untilMs) {
      const { atMs, wake } = this.#alarms.shift()!
      this.#nowMs = Math.max(this.#nowMs, atMs)
      wake()
      await this.#settle()
    }
    this.#nowMs = untilMs
  }

  async #settle(): Promise<void> {
    for (let idle = 0; idle < idleTurns; idle = this.#turnCount === 0 ? idle + 1 : 0)
      await new Promise((resolve) => setImmediate(resolve))
  }
}
