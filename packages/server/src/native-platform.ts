/**
 * The platform port of the plain rooms over what Node has in native code.
 *
 * A call into native code costs some 150–300 ns, so short spans stay in plain TypeScript. The limits are where the two
 * took the same time (Node 24, x64): CRC-32 at 110 bytes, copies at 80, UTF-8 at 14.
 */
import { hash } from 'node:crypto'
import { crc32 as nativeCrc32 } from 'node:zlib'
import { adler32, crc32, type Platform, utf8Decode, utf8Encode } from '@quorate/protocol'

const crcNativeFrom = 112
const copyNativeFrom = 80
const decodeNativeFrom = 14

/** Buffer's decoder works on any Uint8Array when it is called as a plain function, which saves making a Buffer. */
const utf8Slice = Buffer.prototype.utf8Slice as (
  this: Uint8Array,
  start: number,
  end: number,
) => string

/** A new view costs as much as a short native call: the whole array is its own. */
function span(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

export const nativePlatform: Platform = {
  crc32(seed, bytes, start, end) {
    if (end - start < crcNativeFrom) return crc32(seed, bytes, start, end)
    return nativeCrc32(span(bytes, start, end), seed)
  },
  // Node has no Adler-32 of its own.
  adler32,
  sha1(bytes) {
    return hash('sha1', bytes, 'buffer')
  },
  copy(source, start, end, target, at) {
    if (end - start >= copyNativeFrom) {
      target.set(span(source, start, end), at)
      return
    }
    // From the end when the spans overlap the wrong way, as TypedArray.set does.
    if (source === target && at > start) {
      for (let i = end - 1; i >= start; i--) target[at + i - start] = source[i]!
      return
    }
    for (let i = start; i < end; i++) target[at++] = source[i]!
  },
  utf8Decode(bytes, start, end) {
    if (end - start < decodeNativeFrom) return utf8Decode(bytes, start, end)
    return utf8Slice.call(bytes, start, end)
  },
  utf8Encode,
}
