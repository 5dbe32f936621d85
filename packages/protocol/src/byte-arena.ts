/**
 * Copies of bytes for a short while, many to one allocation: each array of more than 64 bytes that stands alone costs a call
 * of the memory's own allocator, and another one when it is collected.
 *
 * 1. What was handed out is never written again. A copy that is kept keeps its whole chunk.
 */
export class ByteArena {
  #chunk: Uint8Array = new Uint8Array(0)
  #end = 0
  readonly #chunkBytes: number

  constructor(chunkBytes = 32_768) {
    this.#chunkBytes = chunkBytes
  }

  /** A copy of `bytes[start, end)`. */
  copy(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
    const length = end - start
    if (length <= onHeapMost || length > this.#chunkBytes / 8) return bytes.slice(start, end)
    if (this.#end + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(this.#chunkBytes)
      this.#end = 0
    }
    const at = this.#end
    this.#end += length
    this.#chunk.set(bytes.subarray(start, end), at)
    return this.#chunk.subarray(at, this.#end)
  }
}

/** Arrays up to here need no allocation outside of the heap. */
const onHeapMost = 64
