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
  const alignedStart = Math.min(end, start + (-(bytes.byteOffset + start) & 3))
  const wordsEnd = alignedStart + ((end - alignedStart) & ~31)
  if (!isLittleEndian || wordsEnd <= alignedStart) return adlerBytes(seed, bytes, start, end)
  let sum = adlerBytes(seed, bytes, start, alignedStart)
  sum = adlerWords(
    sum,
    wordsOf(bytes.buffer),
    bytes.byteOffset + alignedStart,
    wordsEnd - alignedStart,
  )
  return adlerBytes(sum, bytes, wordsEnd, end)
}

const adlerModulus = 65_521
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** The last buffer seen, as words: a log or snapshot checks many spans of one buffer, and a new view for each would cost more than it saves. */
let viewed: Int32Array = new Int32Array(0)

function wordsOf(buffer: ArrayBufferLike): Int32Array {
  if (viewed.buffer !== buffer) viewed = new Int32Array(buffer, 0, buffer.byteLength >> 2)
  return viewed
}

function adlerBytes(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let a = seed & 0xffff
  let b = seed >>> 16
  let at = start
  while (at < end) {
    // 3,800 additions of bytes keep b below 2^32 minus one modulus.
    for (const stop = Math.min(end, at + 3_800); at < stop; at++) {
      a += bytes[at]!
      b += a
    }
    a %= adlerModulus
    b %= adlerModulus
  }
  return ((b << 16) | a) >>> 0
}

/**
 * Thirty-two bytes a round, as words whose even and odd bytes are summed in two 16-bit lanes each: twice as fast as byte by
 * byte. `b` counts a byte once for every byte from it to the end of the round, so it grows by 32 times the old `a`, by 4 times
 * the running sums before each word, and by 4, 3, 2 and 1 times the bytes of the words themselves.
 */
function adlerWords(seed: number, words: Int32Array, byteStart: number, length: number): number {
  let a = seed & 0xffff
  let b = seed >>> 16
  let at = byteStart >> 2
  const end = (byteStart + length) >> 2
  while (at < end) {
    // Forty rounds keep both sums below 2^31, so that they stay machine integers.
    for (const stop = Math.min(end, at + 8 * 40); at < stop; at += 8) {
      const v0 = words[at]!
      const v1 = words[at + 1]!
      const v2 = words[at + 2]!
      const v3 = words[at + 3]!
      const v4 = words[at + 4]!
      const v5 = words[at + 5]!
      const v6 = words[at + 6]!
      const v7 = words[at + 7]!
      const even0 = v0 & 0x00ff00ff
      const odd0 = (v0 >>> 8) & 0x00ff00ff
      const even1 = even0 + (v1 & 0x00ff00ff)
      const odd1 = odd0 + ((v1 >>> 8) & 0x00ff00ff)
      const even2 = even1 + (v2 & 0x00ff00ff)
      const odd2 = odd1 + ((v2 >>> 8) & 0x00ff00ff)
      const even3 = even2 + (v3 & 0x00ff00ff)
      const odd3 = odd2 + ((v3 >>> 8) & 0x00ff00ff)
      const even4 = even3 + (v4 & 0x00ff00ff)
      const odd4 = odd3 + ((v4 >>> 8) & 0x00ff00ff)
      const even5 = even4 + (v5 & 0x00ff00ff)
      const odd5 = odd4 + ((v5 >>> 8) & 0x00ff00ff)
      const even6 = even5 + (v6 & 0x00ff00ff)
      const odd6 = odd5 + ((v6 >>> 8) & 0x00ff00ff)
      const even7 = even6 + (v7 & 0x00ff00ff)
      const odd7 = odd6 + ((v7 >>> 8) & 0x00ff00ff)
      const evenBefore = even0 + even1 + even2 + even3 + even4 + even5 + even6
      const oddBefore = odd0 + odd1 + odd2 + odd3 + odd4 + odd5 + odd6
      const before = evenBefore + oddBefore
      b += 32 * a + 4 * ((before & 0xffff) + (before >>> 16))
      b += 4 * (even7 & 0xffff) + 3 * (odd7 & 0xffff) + 2 * (even7 >>> 16) + (odd7 >>> 16)
      a += (even7 & 0xffff) + (odd7 & 0xffff) + (even7 >>> 16) + (odd7 >>> 16)
    }
    a %= adlerModulus
    b %= adlerModulus
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
