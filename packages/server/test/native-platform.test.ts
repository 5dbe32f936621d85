import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { purePlatform } from '@quorate/protocol'
import { nativePlatform } from '../src/native-platform.ts'

const spans = fc
  .record({ bytes: fc.uint8Array({ maxLength: 400 }), from: fc.nat(400), to: fc.nat(400) })
  .map(({ bytes, from, to }) => {
    const [start, end] = [from, to]
      .map((at) => Math.min(at, bytes.length))
      .toSorted((a, b) => a - b)
    return { bytes, start: start!, end: end! }
  })

describe('nativePlatform gives the answers of the pure one', () => {
  it('for checksums', () => {
    fc.assert(
      fc.property(spans, fc.nat(), ({ bytes, start, end }, seed) => {
        assert.equal(
          nativePlatform.crc32(seed, bytes, start, end),
          purePlatform.crc32(seed, bytes, start, end),
        )
        assert.equal(
          nativePlatform.adler32(1, bytes, start, end),
          purePlatform.adler32(1, bytes, start, end),
        )
        assert.deepEqual(new Uint8Array(nativePlatform.sha1(bytes)), purePlatform.sha1(bytes))
      }),
    )
  })

  it('for well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(9), (text, padding) => {
        const encoded = purePlatform.utf8Encode(text)
        assert.deepEqual(new Uint8Array(nativePlatform.utf8Encode(text)), encoded)
        const bytes = new Uint8Array(padding + encoded.length + 3).fill(0x61)
        bytes.set(encoded, padding)
        const end = padding + encoded.length
        assert.equal(
          nativePlatform.utf8Decode(bytes, padding, end),
          purePlatform.utf8Decode(bytes, padding, end),
        )
      }),
    )
  })

  it('for copies, overlapping ones too', () => {
    fc.assert(
      fc.property(spans, fc.nat(400), ({ bytes, start, end }, to) => {
        const at = Math.min(to, bytes.length - (end - start))
        const expected = bytes.slice()
        purePlatform.copy(expected, start, end, expected, at)
        const found = bytes.slice()
        nativePlatform.copy(found, start, end, found, at)
        assert.deepEqual(found, expected)
      }),
    )
  })
})
