/**
 * Drags the simulation's clock along with the real one, so that the simulation's clients can live in the real world: whatever comes
 * from outside first lets everything happen that is due.
 */
import { EventLog, type LineSink, Scheduler } from '@quorate/simulator'

const stepMs = 2

export class RealTime {
  readonly scheduler: Scheduler
  readonly #startedAtMs: number = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isInside = false
  #isOver = false

  constructor(trace: LineSink) {
    this.scheduler = new Scheduler(new EventLog(trace))
  }

  start(): void {
    this.#timer = setInterval(() => this.enter('clock', 'ticks', () => {}), stepMs)
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  /** Runs it as an event of now, behind all that was due before. */
  enter(actor: string, what: string, run: () => void): void {
    if (this.#isOver) return
    // What a handler causes at once belongs to its event.
    if (this.#isInside) return run()
    const { scheduler } = this
    const nowUs = Math.floor((performance.now() - this.#startedAtMs) * 1_000)
    const event = { isDone: false }
    scheduler.after(nowUs - scheduler.nowUs, actor, what, () => {
      run()
      event.isDone = true
    })
    this.#isInside = true
    try {
      while (!event.isDone) scheduler.runNext()
    } finally {
      this.#isInside = false
    }
  }
}
