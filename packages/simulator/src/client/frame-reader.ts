import { readInt32 } from '@quorate/protocol'

/** Puts a stream of bytes together to the frames that were sent. */
export class FrameReader {
  #kept = new Uint8Array(0)

  /** The frames that end in these bytes, without their lengths. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const all = new Uint8Array(this.#kept.length + bytes.length)
    all.set(this.#kept)
    all.set(bytes, this.#kept.length)
    const frames: Uint8Array[] = []
    let at = 0
    while (all.length - at >= 4) {
      const end = at + 4 + readInt32(all, at)
      if (end > all.length) break
      frames.push(all.subarray(at + 4, end))
      at = end
    }
    this.#kept = all.slice(at)
    return frames
  }
}
