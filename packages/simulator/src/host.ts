/**
 * A machine with one process on it: the gate through which everything reaches the process.
 *
 * 1. What was scheduled for one life of the process never reaches a later one.
 * 2. While the process is paused, what reaches it is held. When it goes on, timers come before input, as in Node's loop:
 *    that is the order in which a careless server expires sessions that are alive.
 */
import type { Appointment, Scheduler } from './scheduler.ts'
import { usPerMs } from './world.ts'

/** Virtual time 0 on every host's wall clock, in ms since 1970. */
const epochWallMs = 1_700_000_000_000

export type Cause = 'timer' | 'input'

interface Held {
  readonly cause: Cause
  readonly what: string
  readonly run: () => void
}

export class Host {
  readonly name: string
  readonly #scheduler: Scheduler
  #life = 0
  #isUp = false
  #isPaused = false
  #held: Held[] = []
  /** What clock jumps add up to. */
  wallOffsetMs = 0

  constructor(name: string, scheduler: Scheduler) {
    this.name = name
    this.#scheduler = scheduler
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
    return Math.floor(this.#scheduler.nowUs / usPerMs)
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
    const life = this.#life
    for (const cause of ['timer', 'input'] as const) {
      for (const { what, run } of held.filter((one) => one.cause === cause)) {
        if (life !== this.#life) return
        this.note(what)
        run()
      }
    }
  }

  after(delayUs: number, cause: Cause, what: string, run: () => void): Appointment {
    const life = this.#life
    return this.#scheduler.after(delayUs, this.name, what, () => {
      if (life === this.#life) this.gate(cause, what, run)
    })
  }

  /** Runs it now, or when the process goes on. */
  gate(cause: Cause, what: string, run: () => void): void {
    if (this.#isPaused) this.#held.push({ cause, what, run })
    else run()
  }

  note(what: string): void {
    this.#scheduler.note(this.name, what)
  }
}
