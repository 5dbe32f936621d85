import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Decode, utf8Encode, utf8Length, utf8Write } from '@quorate/protocol'
import * as fc from 'fast-check'

/** Any UTF-16, lone surrogates included. */
const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) })
const readable = fc.string({ unit: 'binary' })

/** Bytes that nearly are UTF-8: pieces of sequences, whole ones, and anything. */
const nearUtf8 = fc
  .array(
    fc.oneof(
      readable.map((piece) => new TextEncoder().encode(piece)),
      fc
        .tuple(readable, fc.nat(4))
        .map(([piece, count]) => new TextEncoder().encode(piece).slice(0, count)),
      fc.constantFrom(
        Uint8Array.of(0xc0, 0x80),
        Uint8Array.of(0xe0, 0x80, 0x80),
        Uint8Array.of(0xed, 0xa0, 0x80),
        Uint8Array.of(0xf0, 0x8f, 0xbf, 0xbf),
        Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
        Uint8Array.of(0xf8, 0x88),
        Uint8Array.of(0xe2, 0x82, 0x41),
        Uint8Array.of(0xf0, 0x9f, 0x98),
      ),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])))

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

test('encoding is the platform’s, and its length is known beforehand', () => {
  fc.assert(
    fc.property(fc.oneof(text, readable), fc.nat(3), (value, gap) => {
      const expected = new TextEncoder().encode(value)
      assert.deepEqual(utf8Encode(value), expected)
      assert.equal(utf8Length(value), expected.length)
      const target = new Uint8Array(gap + expected.length)
      assert.equal(utf8Write(value, target, gap), target.length)
      assert.deepEqual(target.subarray(gap), expected)
    }),
    { numRuns: 500 },
  )
})

test('decoding is the platform’s for any bytes, however malformed, and for a part of them', () => {
  fc.assert(
    fc.property(nearUtf8, fc.nat(4), fc.nat(4), (bytes, head, tail) => {
      assert.equal(utf8Decode(bytes), decoder.decode(bytes))
      const start = Math.min(head, bytes.length)
      const end = Math.max(start, bytes.length - tail)
      assert.equal(utf8Decode(bytes, start, end), decoder.decode(bytes.subarray(start, end)))
    }),
    { numRuns: 2_000 },
  )
})

test('what is well formed comes back as it was', () => {
  fc.assert(
    fc.property(readable, (value) => {
      assert.equal(utf8Decode(utf8Encode(value)), value)
    }),
  )
})

test('a text that was decoded before does not stand for another one of its length', () => {
  const paths = Array.from(
    { length: 20_000 },
    (_, i) => `/queue/item-${String(i).padStart(10, '0')}`,
  )
  for (let round = 0; round < 2; round++)
    for (const path of paths) assert.equal(utf8Decode(utf8Encode(path)), path)
})
