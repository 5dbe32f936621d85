/**
 * Measures how long this process stood still: by how much later than it was due an alarm rang, or was found unrung. What
 * it says is a lower bound, as the process may have stopped long before the alarm was due.
 */
export class StallMeter {
  #dueAtMs = Infinity
  #longestMs = 0
  #longestEndMs = -Infinity

  /** An alarm is set for this moment; Infinity for none. */
  expect(dueAtMs: number): void {
    this.#dueAtMs = dueAtMs
  }

  /** The process runs now. */
  awake(nowMs: number, forgetAfterMs: number): void {
    const lateMs = nowMs - this.#dueAtMs
    if (lateMs > this.longestMs(nowMs, forgetAfterMs)) {
      this.#longestMs = lateMs
      this.#longestEndMs = nowMs
    }
  }

  /** The longest stall that ended within the last `withinMs`. */
  longestMs(nowMs: number, withinMs: number): number {
    return nowMs - this.#longestEndMs <= withinMs ? this.#longestMs : 0
  }
}
