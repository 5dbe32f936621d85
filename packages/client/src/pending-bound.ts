/** The bound of what waits for answers: how many calls, and what their requests take in memory. */
import type { PendingBytes } from './call.ts'

export interface PendingLimits {
  readonly pendingMax: number
  readonly pendingBytesMax: number
}

export class PendingBound {
  readonly bytes: PendingBytes = { count: 0 }
  readonly #limits: PendingLimits
  readonly #callCount: () => number
  readonly #waiters: (() => void)[] = []

  /** @param callCount how many calls wait now */
  constructor(limits: PendingLimits, callCount: () => number) {
    this.#limits = limits
    this.#callCount = callCount
  }

  get isReached(): boolean {
    const { pendingMax, pendingBytesMax } = this.#limits
    return this.#callCount() >= pendingMax || this.bytes.count >= pendingBytesMax
  }

  /** Resolves when no more than half is pending of what may be. */
  drained(): Promise<void> {
    if (this.#isDrained) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Calls were answered, or have given up. */
  lessened(): void {
    if (this.#waiters.length === 0 || !this.#isDrained) return
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  get #isDrained(): boolean {
    const { pendingMax, pendingBytesMax } = this.#limits
    return this.#callCount() <= pendingMax / 2 && this.bytes.count <= pendingBytesMax / 2
  }
}
