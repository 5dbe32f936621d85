/** A signal by which a caller gives a call up, as the client library takes it: the caller says when. */
import type { AbortSignalLike } from '@quorate/client/core'

export class AbortByHand implements AbortSignalLike {
  #isAborted = false
  readonly #listeners = new Set<() => void>()

  get aborted(): boolean {
    return this.#isAborted
  }

  /** Whether anybody would hear of it. */
  get isAwaited(): boolean {
    return this.#listeners.size > 0
  }

  abort(): void {
    this.#isAborted = true
    for (const listener of this.#listeners) listener()
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }
}
