/**
 * The life of one role, from the election's decision to the next. Operations of the disk outlast a role that ends meanwhile: what
 * was to follow them does not happen, and the next role waits for them.
 */
import type { Appointment, Clock } from './zab-ports.ts'

/** Why a role ended, and what comes next. */
export interface RoleEnd {
  readonly code: string
  readonly reason: string
  /** After a reconfiguration: who leads now, without an election. */
  readonly designatedLeader?: number
  /** For a while another one is to lead, if any can. */
  readonly givesWay?: boolean
  /** An epoch that some voter has accepted: the next must be higher. */
  readonly epochHeard?: number
}

export class RoleLife {
  readonly #clock: Clock
  readonly #timers = new Set<Appointment>()
  #isOver = false
  #operationCount = 0
  #whenIdle: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Starts an operation; `then` follows its completion unless the role is over by then. */
  run(operation: (done: () => void) => void, then: () => void): void {
    this.#operationCount++
    operation(() => {
      this.#operationCount--
      if (!this.#isOver) then()
      else if (this.#operationCount === 0) this.#whenIdle?.()
    })
  }

  after(delayMs: number, run: () => void): Appointment {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer)
      if (!this.#isOver) run()
    })
    this.#timers.add(timer)
    return timer
  }

  every(intervalMs: number, run: () => void): void {
    this.after(intervalMs, () => {
      run()
      if (!this.#isOver) this.every(intervalMs, run)
    })
  }

  /** Calls `idle` when no operation is under way any more. */
  end(idle: () => void): void {
    this.#isOver = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    this.#whenIdle = idle
    if (this.#operationCount === 0) idle()
  }
}
