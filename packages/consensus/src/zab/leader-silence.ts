/**
 * For how long a learner has heard nothing of its leader.
 *
 * 1. A packet counts when it is whole; while none is, bytes of one do, as a tick sees them: a large one may take long to arrive.
 */
export class LeaderSilence {
  #heardMs: number
  /** Since the last tick. */
  #hasHeard = false
  #receivedBytes = 0

  constructor(nowMs: number) {
    this.#heardMs = nowMs
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs
    this.#hasHeard = true
  }

  /**
   * @param receivedBytes that have come on the present connection
   * @returns how long it lasts, in ms
   */
  ticked(nowMs: number, receivedBytes: number): number {
    if (receivedBytes > this.#receivedBytes && !this.#hasHeard) this.#heardMs = nowMs
    this.#receivedBytes = receivedBytes
    this.#hasHeard = false
    return nowMs - this.#heardMs
  }
}
