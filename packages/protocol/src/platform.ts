import { adler32, crc32, sha1 } from './checksums.ts'
import { utf8Decode, utf8Encode } from './utf8.ts'

/**
 * What the plain rooms ask of the platform for speed only. Every function has a default in plain
 * TypeScript with the same answers, so that the same code runs inside the simulator; the driver
 * hands in native ones.
 */
export interface Platform {
  /** CRC-32 (IEEE) of `bytes[start, end)`, continued from `seed` (0 at the start). */
  crc32(seed: number, bytes: Uint8Array, start: number, end: number): number
  /** Adler-32 of `bytes[start, end)`, continued from `seed` (1 at the start). */
  adler32(seed: number, bytes: Uint8Array, start: number, end: number): number
  /** SHA-1 of the whole of `bytes`: 20 bytes. */
  sha1(bytes: Uint8Array): Uint8Array
  /** Copies `source[start, end)` to `target[at, …)`; there must be room. */
  copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void
  utf8Decode(bytes: Uint8Array, start: number, end: number): string
  utf8Encode(text: string): Uint8Array
}

/** Shorter copies are quicker byte by byte than with the view that a native one needs. */
const nativeCopyLeast = 64

export const purePlatform: Platform = {
  crc32,
  adler32,
  sha1,
  copy(source, start, end, target, at) {
    if (end - start >= nativeCopyLeast) target.set(source.subarray(start, end), at)
    else if (source !== target) for (let i = start; i < end; i++) target[at++] = source[i]!
    else target.copyWithin(at, start, end)
  },
  utf8Decode,
  utf8Encode,
}
