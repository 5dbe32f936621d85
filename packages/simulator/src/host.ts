/**
 * A machine with one process on it: the gate through which everything reaches the process.
 *
 * 1. What was scheduled for one life of the process never reaches a later one.
 * 2. While the process is paused, what reaches it is held. When it goes on, timers come before input, as in Node's loop:
 *    that is the order in which a careless server expires sessions that are alive.
 * 3. Its monotonic clock runs at a rate of its own, and its timers with it.
 */
import type { Part } from './event-log.ts'
import type { Appointment, Cause, Event, Gate, Scheduler } from './scheduler.ts'
import { usPerMs } from './world.ts'

export type { Cause } from './scheduler.ts'

/** Virtual time 0 on every host's wall clock, in ms since 1970. */
const epochWallMs = 1_700_000_000_000

/** The most by which a clock is fast or slow, in millionths. */
export const driftMostPpm = 5_000

interface Held {
  readonly cause: Cause
  readonly event: Event
}

export class Host implements Gate {
  readonly name: string
  readonly #scheduler: Scheduler
  #life = 0
  #isUp = false
  #isPaused = false
  #isResuming = false
  #held: Held[] = []
  #timers: Through
  #inputs: Through
  /** What clock jumps add up to. */
  wallOffsetMs = 0
  /** Millionths by which the monotonic clock is fast. Not changed after the start. */
  driftPpm = 0
  /** Told of each timer that drift moved. */
  onDrifted: (() => void) | undefined

  constructor(name: string, scheduler: Scheduler) {
    this.name = name
    this.#scheduler = scheduler
    this.#timers = { gate: this, life: 0, cause: 'timer' }
    this.#inputs = { gate: this, life: 0, cause: 'input' }
  }

  /** Grows whenever the process ends. */
  get life(): number {
    return this.#life
  }

  /** Whether the machine answers: a machine without power is silent, one without the process refuses connections. */
  get isUp(): boolean {
    return this.#isUp
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get nowUs(): number {
    return this.#scheduler.nowUs
  }

  get monotonicMs(): number {
    const { nowUs } = this.#scheduler
    const driftUs = this.driftPpm === 0 ? 0 : (nowUs / 1_000_000) * this.driftPpm
    return Math.floor((nowUs + driftUs) / usPerMs)
  }

  get wallMs(): number {
    return epochWallMs + this.monotonicMs + this.wallOffsetMs
  }

  powerOn(): void {
    this.#isUp = true
  }

  /** The process is gone; with `losesPower` the machine too. */
  endProcess(losesPower: boolean): void {
    this.#life++
    this.#isUp = !losesPower
    this.#isPaused = false
    this.#held = []
    this.#timers = { gate: this, life: this.#life, cause: 'timer' }
    this.#inputs = { gate: this, life: this.#life, cause: 'input' }
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Hands over what was held, in one go: what arrives from now on may not overtake it. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    this.#isResuming = true
    this.#handOver(held)
    this.#isResuming = false
  }

  #handOver(held: readonly Held[]): void {
    const life = this.#life
    for (const cause of ['timer', 'input'] as const) {
      for (const { event } of held.filter((one) => one.cause === cause)) {
        if (life !== this.#life) return
        // A process takes a timer back that is due, but has not fired.
        if (event.isCancelled) continue
        this.note(event.what, event.a, event.b)
        event.run()
      }
    }
  }

  /** Runs what a timer starts behind the input that is there: at once, unless the process has been standing still. */
  behindInput(what: string, run: () => void): Appointment | undefined {
    if (this.#isResuming) return this.after(0, 'input', what, run)
    run()
    return undefined
  }

  /** Runs it at the end of the present event, if the process is still there. */
  atEventEnd(what: string, run: () => void): void {
    const life = this.#life
    this.#scheduler.atEventEnd(() => {
      if (life === this.#life) this.gate('input', what, run)
    })
  }

  after(
    delayUs: number,
    cause: Cause,
    what: string,
    run: () => void,
    a?: Part,
    b?: Part,
  ): Appointment {
    const isTimer = cause === 'timer'
    const ownDelayUs = isTimer && this.driftPpm !== 0 ? this.#drifted(delayUs) : delayUs
    const through = isTimer ? this.#timers : this.#inputs
    return this.#scheduler.afterAtGate(ownDelayUs, through, this.name, what, run, a, b)
  }

  /** Lets an event of this life through. */
  pass(life: number, cause: Cause, event: Event): void {
    if (life !== this.#life) return
    if (this.#isPaused) this.#held.push({ cause, event })
    else event.run()
  }

  /** Runs it now, or when the process goes on. */
  gate(cause: Cause, what: string, run: () => void, a?: Part, b?: Part): void {
    if (!this.#isPaused) return run()
    const event = { actor: this.name, what, a, b, run, isCancelled: false }
    this.#held.push({ cause, event })
  }

  note(what: string, a?: Part, b?: Part, c?: Part): void {
    this.#scheduler.note(this.name, what, a, b, c)
  }

  #drifted(delayUs: number): number {
    const ownDelayUs = delayUs / (1 + this.driftPpm / 1_000_000)
    if (Math.abs(ownDelayUs - delayUs) >= 1) this.onDrifted?.()
    return ownDelayUs
  }
}

interface Through {
  readonly gate: Gate
  readonly life: number
  readonly cause: Cause
}
