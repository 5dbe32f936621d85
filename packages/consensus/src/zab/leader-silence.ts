/**
 * For how long a learner has heard nothing of its leader.
 *
 * 1. A packet counts when it is whole; while none is, bytes of one do, as a tick sees them: a large one may take long to arrive.
 */
import type { ZabOptions } from './zab-ports.ts'

/** A leader that is not established yet, that serves, and that serves and announced to ping each half tick whatever its disk does. */
export type SilentLeader = 'beginning' | 'serving' | 'pinging-steadily'

/**
 * How long a learner waits for a sign of its leader, in ticks.
 *
 * Compatibility: an Apache follower gives its leader only syncLimit until it is established, which may have to synchronise others
 * first and, if it is Apache's, sends nothing meanwhile. Later it always waits for syncLimit, in which nothing is written when the
 * leader's machine has gone. Who leaves too early costs an election, which takes a fraction of a tick.
 */
export function silenceLimit(
  { initLimit, syncLimit, silentLeaderLimit }: ZabOptions,
  leader: SilentLeader,
): number {
  if (leader === 'beginning') return initLimit
  const isEarly = leader === 'pinging-steadily' && silentLeaderLimit > 0
  // Looked at each half tick: of these the nearest one, not the first one beyond it, which would be half a tick too late.
  return isEarly ? Math.min(silentLeaderLimit - 0.25, syncLimit) : syncLimit
}

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
