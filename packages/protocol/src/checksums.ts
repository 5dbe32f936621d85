/** CRC-32, Adler-32 and SHA-1 in plain TypeScript: the defaults of the {@link Platform} port. */

const crcTables: readonly Uint32Array[] = buildCrcTables()

/** CRC-32 (IEEE 802.3, reflected), continued from `seed` (0 at the start). */
export function crc32(seed: number, bytes: Uint8Array, start: number, end: number): number {
  const [t0, t1, t2, t3] = crcTables as readonly [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = ~seed
  let at = start
  for (const whole = end - 3; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!
  }
  for (; at < end; at++) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Adler-32, continued from `seed` (1 at the start). */
export function adler32(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let a = seed & 0xffff
  let b = seed >>> 16
  let at = start
  while (at < end) {
    // 3,800 additions of bytes keep b below 2^32 minus one modulus; a multiple of the unrolled step.
    const stop = Math.min(end, at + 3_800)
    for (const whole = stop - 7; at < whole; at += 8) {
      a += bytes[at]!
      b += a
      a += bytes[at + 1]!
      b += a
      a += bytes[at + 2]!
      b += a
      a += bytes[at + 3]!
      b += a
      a += bytes[at + 4]!
      b += a
      a += bytes[at + 5]!
      b += a
      a += bytes[at + 6]!
      b += a
      a += bytes[at + 7]!
      b += a
    }
    for (; at < stop; at++) {
      a += bytes[at]!
      b += a
    }
    a %= 65_521
    b %= 65_521
  }
  return ((b << 16) | a) >>> 0
}

/** SHA-1 of `message` (FIPS 180-4), 20 bytes. Only for ZooKeeper's digest scheme, which is defined on it. */
export function sha1(message: Uint8Array): Uint8Array {
  const padded = padForSha1(message)
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0]
  const words = new Int32Array(80)
  for (let block = 0; block < padded.length; block += 64) sha1Block(padded, block, state, words)
  const digest = new Uint8Array(20)
  for (let i = 0; i < 20; i++) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3))
  return digest
}

function padForSha1(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6)
  padded.set(message)
  padded[message.length] = 0x80
  const bits = message.length * 8
  for (let i = 0; i < 4; i++) padded[padded.length - 1 - i] = bits >>> (8 * i)
  padded[padded.length - 5] = Math.floor(bits / 0x1_0000_0000)
  return padded
}

function sha1Block(bytes: Uint8Array, at: number, state: number[], words: Int32Array): void {
  for (let i = 0; i < 16; i++) {
    const p = at + 4 * i
    words[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!
  }
  for (let i = 16; i < 80; i++) {
    const mixed = words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!
    words[i] = (mixed << 1) | (mixed >>> 31)
  }
  let [a, b, c, d, e] = state as [number, number, number, number, number]
  for (let i = 0; i < 80; i++) {
    const [f, k] = sha1Round(i, b, c, d)
    const next = (((a << 5) | (a >>> 27)) + f + e + k + words[i]!) | 0
    e = d
    d = c
    c = (b << 30) | (b >>> 2)
    b = a
    a = next
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
  state[4] = (state[4]! + e) | 0
}

function sha1Round(i: number, b: number, c: number, d: number): [number, number] {
  if (i < 20) return [(b & c) | (~b & d), 0x5a827999]
  if (i < 40) return [b ^ c ^ d, 0x6ed9eba1]
  if (i < 60) return [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
  return [b ^ c ^ d, 0xca62c1d6]
}

function buildCrcTables(): Uint32Array[] {
  const first = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    first[n] = c
  }
  const tables = [first]
  for (let t = 1; t < 4; t++) {
    const before = tables[t - 1]!
    tables.push(before.map((c) => first[c & 0xff]! ^ (c >>> 8)))
  }
  return tables
}
