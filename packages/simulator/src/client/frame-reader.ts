import { readInt32 } from '@quorate/protocol'

const nothing: Uint8Array = new Uint8Array(0)

/** Puts a stream of bytes together to the frames that were sent. */
export class FrameReader {
  #kept: Uint8Array = nothing

  /** The frames that end in these bytes, without their lengths. They may be views of the bytes, which nobody may change. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const all = this.#kept.length === 0 ? bytes : joined(this.#kept, bytes)
    const frames: Uint8Array[] = []
    let at = 0
    while (all.length - at >= 4) {
      const end = at + 4 + readInt32(all, at)
      if (end > all.length) break
      frames.push(all.subarray(at + 4, end))
      at = end
    }
    this.#kept = at === all.length ? nothing : all.slice(at)
    return frames
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
