/**
 * Buffers that replies are gathered in between two socket writes, used over and over by all connections. Most replies are
 * small, and at the end of a sync every writer has some at once: so there are many small buffers and fewer large ones.
 *
 * A buffer that is made anew is memory outside the collector's heap; a few thousand a second of them stop the server for
 * milliseconds at a time.
 */
const classes = [
  { bytes: 2 * 1024, spareMax: 1_024 },
  { bytes: 16 * 1024, spareMax: 128 },
  { bytes: 128 * 1024, spareMax: 32 },
] as const

export class ReplyBuffers {
  readonly #spares: readonly Uint8Array[][] = classes.map(() => [])

  /** @param lengthExpected what the connection needed last time: a good guess of what it will */
  take(lengthExpected: number): Uint8Array {
    let at = 0
    while (at < classes.length - 1 && lengthExpected > classes[at]!.bytes) at++
    return this.#spares[at]!.pop() ?? new Uint8Array(classes[at]!.bytes)
  }

  /** Takes back a buffer that is needed no more. One that replies made grow to a size of its own goes to the collector. */
  give(buffer: Uint8Array): void {
    const at = classes.findIndex(({ bytes }) => bytes === buffer.length)
    if (at !== -1 && this.#spares[at]!.length < classes[at]!.spareMax)
      this.#spares[at]!.push(buffer)
  }
}
