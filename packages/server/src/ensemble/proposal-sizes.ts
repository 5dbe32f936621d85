/** The sizes of what this server proposed as a leader, in bytes, since it was reset; −1: there was none. */
export class ProposalSizes {
  #last = -1
  #min = -1
  #max = -1

  get last(): number {
    return this.#last
  }

  get min(): number {
    return this.#min
  }

  get max(): number {
    return this.#max
  }

  record(bytes: number): void {
    this.#last = bytes
    this.#min = this.#min === -1 ? bytes : Math.min(this.#min, bytes)
    this.#max = Math.max(this.#max, bytes)
  }

  reset(): void {
    this.#last = -1
    this.#min = -1
    this.#max = -1
  }
}
