/**
 * Cuts a stream of bytes into frames (`int length · bytes`).
 *
 * 1. A frame that lies wholly inside one chunk is handed on without a copy.
 * 2. What is held back is never more than one frame of `frameBytesMax`.
 * 3. A longer frame is not the end of the connection: its header is handed on, and the rest of it is skipped.
 */
import { readInt32, replyHeaderLength } from '@quorate/protocol'

export interface FrameSink {
  /** A whole frame: `bytes[start, end)`, without its length. */
  frame(bytes: Uint8Array, start: number, end: number): void
  /** The reply header of a frame that is too long. */
  oversized(bytes: Uint8Array, start: number, end: number): void
}

const lengthBytes = 4
const nothing = new Uint8Array(0)

export class FrameDecoder {
  readonly #frameBytesMax: number
  #held: Uint8Array = nothing
  #heldLength = 0
  #skip = 0

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** @throws Error for a negative length: from there on the stream has no meaning */
  push(chunk: Uint8Array, sink: FrameSink): void {
    let at = 0
    while (at < chunk.length) at = this.#take(chunk, at, sink)
  }

  /** One step: a skip, a whole frame, or a piece of one. Returns where the next step starts. */
  #take(chunk: Uint8Array, at: number, sink: FrameSink): number {
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, chunk.length - at)
      this.#skip -= skipped
      return at + skipped
    }
    if (this.#heldLength === 0 && chunk.length - at >= lengthBytes) {
      const length = readLength(chunk, at)
      const end = at + lengthBytes + length
      if (length <= this.#frameBytesMax && end <= chunk.length) {
        sink.frame(chunk, at + lengthBytes, end)
        return end
      }
    }
    return this.#takePiece(chunk, at, sink)
  }

  /** Goes on with the frame that is held back, as far as the chunk goes. */
  #takePiece(chunk: Uint8Array, start: number, sink: FrameSink): number {
    const at = this.#hold(chunk, start, lengthBytes)
    if (this.#heldLength < lengthBytes) return at

    const length = readLength(this.#held, 0)
    const isOversized = length > this.#frameBytesMax
    const wanted = lengthBytes + (isOversized ? replyHeaderLength : length)
    const next = this.#hold(chunk, at, wanted)
    if (this.#heldLength < wanted) return next

    const frame = this.#held
    this.#held = nothing
    this.#heldLength = 0
    if (isOversized) {
      this.#skip = length - replyHeaderLength
      sink.oversized(frame, lengthBytes, wanted)
    } else sink.frame(frame, lengthBytes, wanted)
    return next
  }

  #hold(chunk: Uint8Array, start: number, wanted: number): number {
    const end = Math.min(chunk.length, start + Math.max(0, wanted - this.#heldLength))
    if (this.#held.length < wanted) {
      const larger = new Uint8Array(wanted)
      larger.set(this.#held.subarray(0, this.#heldLength))
      this.#held = larger
    }
    this.#held.set(chunk.subarray(start, end), this.#heldLength)
    this.#heldLength += end - start
    return end
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  const length = readInt32(bytes, at)
  if (length >= 0) return length
  throw new Error(
    `a frame of ${length} bytes was announced; the peer does not speak ZooKeeper's protocol`,
  )
}
