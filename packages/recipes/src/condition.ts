/** Callers that wait until something is so, each with its own signal and deadline. */
import { type CallOptions, type Clock, ZooKeeperError } from '@quorate/client/core'

interface Waiter {
  readonly isMet: () => boolean
  readonly op: string
  resolve(): void
  reject(error: unknown): void
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

  /** @throws ZooKeeperError Aborted, OperationTimeout, or what {@link fail} says */
  async until(isMet: () => boolean, op: string, options: CallOptions = {}): Promise<void> {
    const { signal, deadlineMs } = options
    if (signal?.aborted) throw this.#error('Aborted', op, signal.reason)
    if (isMet()) return
    if (this.#end !== undefined) throw this.#end.error
    const releases: (() => void)[] = []
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { isMet, op, resolve, reject }
        this.#waiters.add(waiter)
        releases.push(() => this.#waiters.delete(waiter))
        if (deadlineMs !== undefined) {
          const late = (): void => reject(this.#error('OperationTimeout', op))
          const alarm = this.#clock.wakeAfter(deadlineMs, late)
          releases.push(() => alarm.cancel())
        }
        if (signal !== undefined) {
          const abort = (): void => reject(this.#error('Aborted', op, signal.reason))
          signal.addEventListener('abort', abort)
          releases.push(() => signal.removeEventListener('abort', abort))
        }
      })
    } finally {
      for (const release of releases) release()
    }
  }

  /** Something has changed: whoever waited for it goes on. */
  check(): void {
    for (const waiter of this.#waiters) if (waiter.isMet()) waiter.resolve()
  }

  /** It will never be so. */
  fail(error: unknown): void {
    this.#end ??= { error }
    for (const waiter of this.#waiters) waiter.reject(error)
  }

  #error(code: 'Aborted' | 'OperationTimeout', op: string, cause?: unknown): ZooKeeperError {
    return new ZooKeeperError(code, { path: this.#path, op, cause })
  }
}
