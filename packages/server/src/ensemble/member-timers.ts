/**
 * Timers that run behind the input that is there. Node runs a timer that is due before it reads its sockets; after a pause of the
 * process the pings of living peers lie in the sockets while a timer would declare those very peers dead. So a timer that has
 * fired waits until the loop has been to the sockets: once when it is in time, a few times after a pause, since what waits to be
 * accepted is read only one round later.
 */
import type { Appointment } from '@quorate/consensus'

const roundsAfterStall = 4
/** A timer that is later than this tells of a pause. */
const stallMs = 100

export class MemberTimer implements Appointment {
  readonly #run: () => void
  #timer: NodeJS.Timeout | undefined
  #isCancelled = false

  constructor(delayMs: number, run: () => void) {
    this.#run = run
    const dueAtMs = performance.now() + delayMs
    this.#timer = setTimeout(() => {
      const isStall = performance.now() - dueAtMs > stallMs
      this.#runAfter(isStall ? roundsAfterStall : 1)
    }, delayMs)
  }

  cancel(): void {
    this.#isCancelled = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #runAfter(rounds: number): void {
    setImmediate(() => {
      if (this.#isCancelled) return
      if (rounds > 1) this.#runAfter(rounds - 1)
      else this.#run()
    })
  }
}
