/**
 * Instances that made errors, and are left out for a time (Curator's DownInstancePolicy). Their nodes are there all the
 * same: a session that is alive does not mean that the service works, or that it can be reached from here.
 */
import type { Clock } from '@quorate/client/core'

export interface DownPolicy {
  /** So many errors within {@link forMs} leave an instance out. Default 2. */
  readonly errorsMax?: number
  /** How long errors count, and instances are left out, in ms. Default 30 000. */
  readonly forMs?: number
}

interface Errors {
  readonly sinceMs: number
  count: number
}

export class DownInstances {
  readonly #clock: Clock
  readonly #errorsMax: number
  readonly #forMs: number
  readonly #errorsById = new Map<string, Errors>()

  constructor(clock: Clock, { errorsMax = 2, forMs = 30_000 }: DownPolicy) {
    this.#clock = clock
    this.#errorsMax = errorsMax
    this.#forMs = forMs
  }

  note(id: string): void {
    this.#forget()
    const errors = this.#errorsById.get(id)
    if (errors === undefined) this.#errorsById.set(id, { sinceMs: this.#clock.nowMs(), count: 1 })
    else errors.count++
  }

  isDown(id: string): boolean {
    this.#forget()
    return (this.#errorsById.get(id)?.count ?? 0) >= this.#errorsMax
  }

  #forget(): void {
    const untilMs = this.#clock.nowMs() - this.#forMs
    for (const [id, { sinceMs }] of this.#errorsById)
      if (sinceMs <= untilMs) this.#errorsById.delete(id)
  }
}
