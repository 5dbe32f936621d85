/**
 * A value that changes, as an async iterable. Who is slow misses what was true in between, and always gets the latest:
 * the first step gives the present value.
 */

interface Reader {
  wake: (() => void) | undefined
}

export class Feed<T> {
  #value: T
  #version = 0
  #end: { readonly error: unknown } | undefined
  readonly #readers = new Set<Reader>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  publish(value: T): void {
    if (this.#end !== undefined) return
    this.#value = value
    this.#version++
    this.#wake()
  }

  /** No more values will come. Who reads gets the latest one, and then the error, if there is one. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#wake()
  }

  async *values(): AsyncGenerator<T, undefined, undefined> {
    const reader: Reader = { wake: undefined }
    this.#readers.add(reader)
    try {
      for (let seen = -1; ;) {
        if (seen !== this.#version) {
          seen = this.#version
          yield this.#value
        } else if (this.#end === undefined) {
          await new Promise<void>((resolve) => (reader.wake = resolve))
        } else {
          if (this.#end.error !== undefined) throw this.#end.error
          return undefined
        }
      }
    } finally {
      this.#readers.delete(reader)
    }
  }

  #wake(): void {
    for (const reader of this.#readers) reader.wake?.()
  }
}
