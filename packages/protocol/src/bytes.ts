/**
 * Big-endian numbers in byte arrays, written out by hand: on the request path these calls inline to a few
 * instructions and allocate nothing, where a DataView per message would not.
 */

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** The upper half of a safe integer as a signed 32-bit number (two's complement for negatives). */
export function highHalf(value: number): number {
  return Math.floor(value / 0x1_0000_0000) | 0
}

/** The lower half of a safe integer as a signed 32-bit number. */
export function lowHalf(value: number): number {
  return (value - Math.floor(value / 0x1_0000_0000) * 0x1_0000_0000) | 0
}

/** Writes a safe integer as a 64-bit long. */
export function writeLong(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  writeInt32(bytes, at, high)
  writeInt32(bytes, at + 4, value - high * 0x1_0000_0000)
}

/** A 64-bit long as a number. The caller knows that it is safe (a zxid or time that was checked on its way in). */
export function readLong(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) * 0x1_0000_0000 + readUint32(bytes, at + 4)
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether `key` stands at `bytes[start, end)`. */
export function spanEquals(
  key: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (key.length !== end - start) return false
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}
