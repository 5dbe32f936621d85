/** First in, first out. Taking from the front moves nothing: what was taken is cut off now and then. */
export class Queue<T> {
  #items: T[] = []
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  get first(): T | undefined {
    return this.#items[this.#start]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#start++]
    if (this.#start > 1024 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return item
  }
}
