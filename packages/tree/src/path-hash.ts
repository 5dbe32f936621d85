/**
 * The 32-bit hash that paths are found by (FNV-1a with a final mix). It is computed from left to right, so one pass over a
 * path yields the hash of every ancestor too: continue with {@link extendHash}, finish each with {@link finishHash}.
 */
export const hashStart: number = 0x811c9dc5 | 0

export function extendHash(hash: number, bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash
}

/** A signed 32-bit number whose low bits depend on all of the path. */
export function finishHash(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}

export function pathHash(bytes: Uint8Array, start: number, end: number): number {
  return finishHash(extendHash(hashStart, bytes, start, end))
}
