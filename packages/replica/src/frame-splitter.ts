/**
 * Cuts a stream of bytes into frames: `int length` and as many bytes. Whole frames are handed on where they lie. Only a frame
 * that is cut off is kept, and never more than one, unless the taker has to stop: then the rest of what came is.
 */
import { readInt32 } from '@quorate/protocol'

const noBytes = new Uint8Array(0)

export type FrameHandler = (bytes: Uint8Array, start: number, end: number) => boolean

export class FrameSplitter {
  readonly #lengthMax: number
  #kept: Uint8Array = noBytes
  #keptLength = 0

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** Bytes that wait for the next call: of a frame that has not come whole, or behind one at which the taker stopped. */
  get keptLength(): number {
    return this.#keptLength
  }

  /**
   * Hands each whole frame (without its length) to `handle`, until that returns false: what follows is kept for the next
   * call, which may bring no new bytes.
   * @returns what is wrong with a frame's length, or undefined
   */
  take(bytes: Uint8Array, start: number, end: number, handle: FrameHandler): string | undefined {
    if (this.#keptLength === 0) return this.#split(bytes, start, end, handle)
    const kept = this.#append(bytes, start, end)
    if (this.#isFirstCutOff(kept) && start < end) return undefined
    const length = this.#keptLength
    // Let go at once: one large frame may not cost its memory for the life of the connection.
    this.#kept = noBytes
    this.#keptLength = 0
    return this.#split(kept, 0, length, handle)
  }

  /** Keeps bytes that came although their reader has to wait, for the next {@link take}. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    if (start < end) this.#append(bytes, start, end)
  }

  #split(bytes: Uint8Array, start: number, end: number, handle: FrameHandler): string | undefined {
    let at = start
    let isWanted = true
    while (isWanted && end - at >= 4) {
      const length = readInt32(bytes, at)
      if (length <= 0 || length > this.#lengthMax) {
        return `a frame says that it has ${length} bytes; 1 to ${this.#lengthMax} are allowed (jute.maxbuffer)`
      }
      if (end - at - 4 < length) break
      at += 4 + length
      isWanted = handle(bytes, at - length, at)
    }
    if (at < end) this.#append(bytes, at, end)
    return undefined
  }

  /** A length that is not allowed counts as whole, so that it is refused at once. */
  #isFirstCutOff(kept: Uint8Array): boolean {
    if (this.#keptLength < 4) return true
    const length = readInt32(kept, 0)
    return length <= this.#lengthMax && this.#keptLength - 4 < length
  }

  #append(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = this.#keptLength + (end - start)
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#kept.length))
      larger.set(this.#kept.subarray(0, this.#keptLength))
      this.#kept = larger
    }
    this.#kept.set(bytes.subarray(start, end), this.#keptLength)
    this.#keptLength = length
    return this.#kept
  }
}
