import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { adler32, base64Encode, crc32, digestId, sha1 } from '@quorate/protocol'
import * as fc from 'fast-check'

/** Lengths around the block sizes of the three algorithms are drawn more often than others. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.constantFrom(55, 56, 63, 64, 65, 3_799, 3_800, 3_801, 7_600, 9_000), fc.nat(255))
    .map(([length, byte]) => new Uint8Array(length).fill(byte)),
)

const cut = fc
  .tuple(anyBytes, fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([whole, share]) => ({ whole, at: Math.floor(whole.length * share) }))

/** Adler-32 as RFC 1950 defines it, one byte after the other. */
function plainAdler32(data: Uint8Array): number {
  let [a, b] = [1, 0]
  for (const byte of data) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return b * 65_536 + a
}

test('CRC-32 is zlib’s, whole and continued', () => {
  fc.assert(
    fc.property(cut, ({ whole, at }) => {
      const expected = zlib.crc32(whole)
      assert.equal(crc32(0, whole, 0, whole.length), expected)
      assert.equal(crc32(crc32(0, whole, 0, at), whole, at, whole.length), expected)
    }),
  )
})

test('Adler-32 is that of RFC 1950, whole and continued, and the one at the end of zlib streams', () => {
  fc.assert(
    fc.property(cut, ({ whole, at }) => {
      const expected = plainAdler32(whole)
      assert.equal(adler32(1, whole, 0, whole.length), expected)
      assert.equal(adler32(adler32(1, whole, 0, at), whole, at, whole.length), expected)
      assert.equal(
        zlib.deflateSync(whole).readUInt32BE(zlib.deflateSync(whole).length - 4),
        expected,
      )
    }),
  )
})

test('Adler-32 of the largest sums does not overflow', () => {
  const whole = new Uint8Array(200_000).fill(255)
  assert.equal(adler32(0xfff0_fff0, whole, 0, whole.length) >>> 0, continued(0xfff0, whole))
})

function continued(start: number, data: Uint8Array): number {
  let [a, b] = [start, start]
  for (const byte of data) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return b * 65_536 + a
}

test('SHA-1 is that of the platform', () => {
  fc.assert(
    fc.property(anyBytes, (data) => {
      assert.deepEqual(sha1(data), new Uint8Array(createHash('sha1').update(data).digest()))
    }),
  )
})

test('Base64 is that of the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (data) => {
      assert.equal(base64Encode(data), Buffer.from(data).toString('base64'))
    }),
  )
})

test('the id of the digest scheme is the one that Apache ZooKeeper computed', () => {
  assert.equal(digestId('bob:secret'), 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=')
  assert.equal(digestId('bob:se:cret').split(':')[0], 'bob')
  assert.equal(digestId('nobody').split(':').length, 2)
})

test('adler32 is the same byte by byte and word by word, at every alignment and for the greatest sums', () => {
  const bytes = new Uint8Array(70_000).fill(0xff)
  for (let start = 0; start < 5; start++) {
    for (const length of [0, 1, 31, 32, 33, 63, 1_000, 1_281, 65_536, 69_000]) {
      let expected = 1
      for (let at = start; at < start + length; at++)
        expected = adler32(expected, bytes, at, at + 1)
      assert.equal(
        adler32(1, bytes, start, start + length),
        expected,
        `${length} bytes from ${start}`,
      )
    }
  }
})
