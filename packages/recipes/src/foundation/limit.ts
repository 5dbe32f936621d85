/**
 * The bounds of one job that takes several calls: the caller's signal and deadline, and the end of whatever the job
 * depends on, as one signal for every call and every wait.
 *
 * 1. A job that is over its limit rejects with one error, whichever of its calls noticed.
 * 2. What has to be tidied up afterwards does not run under the limit of the job.
 */
import {
  type AbortSignalLike,
  type Alarm,
  type CallOptions,
  type Clock,
  ZooKeeperError,
} from '@quorate/client/core'
import { type AbortSource, abortSource, onAbort, type Signal } from './abort-source.ts'
import { mayHaveBeenApplied } from './outcome.ts'

/** What the job is called in errors. */
export interface Subject {
  readonly op: string
  readonly path: string
}

export class Limit implements Disposable {
  readonly clock: Clock
  readonly #subject: Subject
  readonly #source: AbortSource = abortSource()
  readonly #alarm: Alarm | undefined
  readonly #releases: (() => void)[] = []
  #error: unknown

  constructor(clock: Clock, { signal, deadlineMs }: CallOptions, subject: Subject) {
    this.clock = clock
    this.#subject = subject
    if (deadlineMs !== undefined)
      this.#alarm = clock.wakeAfter(deadlineMs, () => {
        this.#end(new ZooKeeperError('OperationTimeout', subject))
      })
    if (signal !== undefined)
      this.until(signal, () => new ZooKeeperError('Aborted', { ...subject, cause: signal.reason }))
  }

  get signal(): Signal {
    return this.#source.signal
  }

  /** The options of a call that belongs to the job. */
  get call(): CallOptions {
    return { signal: this.#source.signal }
  }

  get isOver(): boolean {
    return this.#source.signal.aborted
  }

  /** The limit of a part of the job, which ends as well when `signal` is aborted. */
  within(signal: AbortSignalLike, error: () => unknown): Limit {
    const part = new Limit(this.clock, {}, this.#subject)
    part.until(this.signal, () => this.#error)
    part.until(signal, error)
    return part
  }

  /** Ends the job, too, when `signal` is aborted. */
  until(signal: AbortSignalLike, error: () => unknown): void {
    this.#releases.push(onAbort(signal, () => this.#end(error())))
  }

  /** @throws the limit's error, if it is reached */
  check(): void {
    if (this.isOver) throw this.#error
  }

  /** What the job rejects with when one of its calls failed: the limit's error, if that is why. */
  errorOf(error: unknown): unknown {
    return this.isOver ? this.#error : error
  }

  /**
   * The same for a job that is one write in the end, which somebody may repeat: the limit's own error says nothing of what
   * was sent before it was reached.
   * @param isInDoubt whether an earlier attempt may have been carried out
   */
  errorOfWrite(error: unknown, isInDoubt = false): unknown {
    const told = this.errorOf(error)
    const isDoubtful = isInDoubt || mayHaveBeenApplied(error)
    if (!isDoubtful || !(told instanceof ZooKeeperError) || told.applied === 'unknown') return told
    const { code, path, op, cause } = told
    return new ZooKeeperError(code, { path, op, cause, applied: 'unknown' })
  }

  /**
   * Waits until `wake` or `fail` is called, or until the limit is reached.
   * @param listen returns how to stop listening
   * @throws the limit's error, or what `fail` was given
   */
  async wait(
    listen: (wake: () => void, fail: (error: unknown) => void) => () => void,
  ): Promise<void> {
    this.check()
    const stops: (() => void)[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        stops.push(onAbort(this.signal, resolve), listen(resolve, reject))
      })
    } finally {
      for (const stop of stops) stop()
    }
    this.check()
  }

  /**
   * Waits for `job`, which goes on when the limit is reached.
   * @throws the limit's error, or that of the job
   */
  async join<T>(job: Promise<T>): Promise<T> {
    await this.wait((wake, fail) => {
      job.then(wake, fail)
      return () => {}
    })
    return await job
  }

  /** @throws the limit's error */
  pause(delayMs: number): Promise<void> {
    return this.wait((wake) => {
      const alarm = this.clock.wakeAfter(delayMs, wake)
      return () => alarm.cancel()
    })
  }

  [Symbol.dispose](): void {
    this.#alarm?.cancel()
    for (const release of this.#releases.splice(0)) release()
  }

  #end(error: unknown): void {
    if (this.isOver) return
    this.#error = error
    this.#source.abort(error)
  }
}
