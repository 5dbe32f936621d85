/** Something that happens once and is waited for, such as a watch: it may happen before anybody waits. */
export class Occasion {
  #hasHappened = false
  #wake: (() => void) | undefined

  /** Bound, so that it can be handed out as a listener. */
  readonly happen = (): void => {
    this.#hasHappened = true
    this.#wake?.()
  }

  get hasHappened(): boolean {
    return this.#hasHappened
  }

  /** For `Limit.wait`: calls `wake` when it happens, at once if it has. */
  readonly listen = (wake: () => void): (() => void) => {
    if (this.#hasHappened) wake()
    this.#wake = wake
    return () => {
      this.#wake = undefined
    }
  }
}
