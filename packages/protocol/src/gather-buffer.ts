/** The part of a message that has arrived, while the rest has not. It grows with what arrives, never with what was announced. */

/** A buffer that grew beyond this is let go of once its message is complete. */
const keptLengthMax = 1_048_576

export class GatherBuffer {
  bytes: Uint8Array = new Uint8Array(0)
  length = 0

  append(source: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(256, 2 * this.bytes.length, length))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
    }
    this.bytes.set(source.subarray(start, end), this.length)
    this.length = length
  }

  clear(): void {
    this.length = 0
    if (this.bytes.length > keptLengthMax) this.bytes = new Uint8Array(0)
  }
}
