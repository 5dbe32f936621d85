/** How often something took how long: what Apache's metrics call a summary. */
export class Summary {
  #count = 0
  #sum = 0
  #min = 0
  #max = 0

  record(value: number): void {
    this.#min = this.#count === 0 ? value : Math.min(this.#min, value)
    this.#max = Math.max(this.#max, value)
    this.#sum += value
    this.#count++
  }

  get average(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  get min(): number {
    return this.#min
  }

  get max(): number {
    return this.#max
  }

  get count(): number {
    return this.#count
  }

  get sum(): number {
    return this.#sum
  }
}
