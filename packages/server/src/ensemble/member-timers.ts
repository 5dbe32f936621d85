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

export class MemberTimers {
  readonly #pending = new Set<MemberTimer>()

  after(delayMs: number, run: () => void): Appointment {
    const timer = new MemberTimer(this.#pending, delayMs, run)
    this.#pending.add(timer)
    return timer
  }

  cancelAll(): void {
    for (const timer of this.#pending) timer.cancel()
  }
}

class MemberTimer implements Appointment {
  readonly #pending: Set<MemberTimer>
  readonly #run: () => void
  readonly #timer: NodeJS.Timeout

  constructor(pending: Set<MemberTimer>, delayMs: number, run: () => void) {
    this.#pending = pending
    this.#run = run
    const dueAtMs = performance.now() + delayMs
    this.#timer = setTimeout(() => {
      const isStall = performance.now() - dueAtMs > stallMs
      this.#runAfter(isStall ? roundsAfterStall : 1)
    }, delayMs)
  }

  cancel(): void {
    this.#pending.delete(this)
    clearTimeout(this.#timer)
  }

  #runAfter(rounds: number): void {
    setImmediate(() => {
      if (rounds > 1) this.#runAfter(rounds - 1)
      else if (this.#pending.delete(this)) this.#run()
    })
  }
}
