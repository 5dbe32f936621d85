/** Callers that wait until something is so, each under its own signal and deadline. */
import type { CallOptions, Clock } from '@quorate/client/core'
import { Limit } from './limit.ts'

interface Waiter {
  wake(): void
  fail(error: unknown): void
}

export class Condition {
  readonly #clock: Clock
  readonly #path: string
  readonly #waiters = new Set<Waiter>()
  #end: { readonly error: unknown } | undefined

  constructor(clock: Clock, path: string) {
    this.#clock = clock
    this.#path = path
  }

  /** @throws the limit's error, or what {@link fail} was given */
  async until(isMet: () => boolean, op: string, options: CallOptions = {}): Promise<void> {
    using limit = new Limit(this.#clock, options, { op, path: this.#path })
    await this.within(limit, isMet)
  }

  /** As {@link until}, as a part of a job that has a limit already. */
  async within(limit: Limit, isMet: () => boolean): Promise<void> {
    limit.check()
    for (;;) {
      if (this.#end !== undefined) throw this.#end.error
      if (isMet()) return
      await limit.wait((wake, fail) => {
        const waiter = { wake, fail }
        this.#waiters.add(waiter)
        return () => this.#waiters.delete(waiter)
      })
    }
  }

  /** Something has changed: whoever waited for it looks again. */
  check(): void {
    for (const waiter of this.#waiters) waiter.wake()
  }

  /** It will never be so. */
  fail(error: unknown): void {
    this.#end ??= { error }
    for (const waiter of this.#waiters) waiter.fail(error)
  }
}
