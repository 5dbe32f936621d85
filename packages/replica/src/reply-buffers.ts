/** Buffers that replies are gathered in between two socket writes, used over and over by all connections. */
const bufferBytes = 64 * 1024
/** What a reply larger than that made of a buffer is kept too, up to this size. */
const keptBytesMax = 512 * 1024
const spareMax = 32

export class ReplyBuffers {
  readonly #spare: Uint8Array[] = []

  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(bufferBytes)
  }

  give(buffer: Uint8Array): void {
    if (
      buffer.length >= bufferBytes &&
      buffer.length <= keptBytesMax &&
      this.#spare.length < spareMax
    )
      this.#spare.push(buffer)
  }
}
