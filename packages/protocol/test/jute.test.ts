/** The primitives: what is written is read again, and no bytes make a reader go past its end or throw anything but a JuteError. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  JuteError,
  type JuteErrorCode,
  juteMaxBufferDefault,
  JuteReader,
  JuteWriter,
  type SessionId,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { fromHex, toHex } from './hex.ts'

type Field =
  | { readonly kind: 'byte'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: number }
  | { readonly kind: 'bits'; readonly value: bigint }
  | { readonly kind: 'session'; readonly value: bigint }
  | { readonly kind: 'buffer'; readonly value: Uint8Array | null }
  | { readonly kind: 'string'; readonly value: string | null }

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('int' as const), value: fc.integer() }),
  fc.record({
    kind: fc.constant('long' as const),
    value: fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, -0x1_0000_0000, 2 ** 53 - 1, -(2 ** 53), 2 ** 52, 0xffff_ffff),
    ),
  }),
  fc.record({
    kind: fc.constant('bits' as const),
    value: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  }),
  fc.record({
    kind: fc.constant('session' as const),
    value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  }),
  fc.record({
    kind: fc.constant('buffer' as const),
    value: fc.option(fc.uint8Array({ maxLength: 40 })),
  }),
  fc.record({
    kind: fc.constant('string' as const),
    value: fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
  }),
)

const readers: { readonly [K in Field['kind']]: (reader: JuteReader) => Field['value'] } = {
  byte: (reader) => reader.readByte(),
  boolean: (reader) => reader.readBoolean(),
  int: (reader) => reader.readInt(),
  long: (reader) => reader.readLong(),
  bits: (reader) => reader.readLongBits(),
  session: (reader) => reader.readSessionId(),
  buffer: (reader) => reader.readBuffer(),
  string: (reader) => reader.readString(),
}

function write(writer: JuteWriter, { kind, value }: Field): void {
  if (kind === 'byte') writer.writeByte(value)
  else if (kind === 'boolean') writer.writeBoolean(value)
  else if (kind === 'int') writer.writeInt(value)
  else if (kind === 'long') writer.writeLong(value)
  else if (kind === 'bits') writer.writeLongBits(value)
  else if (kind === 'session') writer.writeSessionId(value as SessionId)
  else if (kind === 'buffer') writer.writeBuffer(value)
  else writer.writeString(value)
}

function withLength(length: number): JuteReader {
  const writer = new JuteWriter()
  writer.writeInt(length)
  return new JuteReader(writer.copy())
}

function codeOf(action: () => unknown): JuteErrorCode | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (error instanceof JuteError) return error.code
    throw error
  }
}

test('fields come back as they were written, from any place in a buffer', () => {
  fc.assert(
    fc.property(fc.array(field), fc.nat(5), (fields, gap) => {
      const writer = new JuteWriter(1)
      writer.reserve(gap)
      for (const one of fields) write(writer, one)
      const end = writer.position
      writer.writeLong(-1)
      const reader = new JuteReader(writer.copy(), gap, end)
      for (const { kind, value } of fields) assert.deepEqual(readers[kind](reader), value)
      assert.equal(reader.remaining, 0)
    }),
    { numRuns: 500 },
  )
})

test('numbers have Java’s bytes', () => {
  const writer = new JuteWriter()
  writer.writeInt(-2)
  writer.writeLong(-2)
  writer.writeLong(0x1_0000_0002)
  writer.writeLongBits(-0x8000_0000_0000_0000n)
  writer.writeBoolean(true)
  assert.equal(
    toHex(writer.written()),
    toHex(fromHex('fffffffe fffffffffffffffe 0000000100000002 8000000000000000 01')),
  )
})

test('null and empty are two things', () => {
  const writer = new JuteWriter()
  writer.writeString(null)
  writer.writeString('')
  writer.writeBuffer(null)
  writer.writeBuffer(new Uint8Array(0))
  assert.equal(toHex(writer.written()), 'ffffffff00000000ffffffff00000000')
  const reader = new JuteReader(writer.written())
  assert.deepEqual(
    [reader.readString(), reader.readString(), reader.readBuffer(), reader.readBuffer()?.length],
    [null, '', null, 0],
  )
})

test('the surrogates that a Java client writes as three bytes each are read as text, not refused', () => {
  // U+1F600 as Jute in Java writes it: each half of the pair on its own.
  const reader = new JuteReader(fromHex('00000006 eda0bd edb880'))
  assert.equal(reader.readString(), '\ufffd'.repeat(6))
  assert.equal(reader.remaining, 0)
})

test('a long that is no safe integer is refused, and taken by those who want all bits', () => {
  for (const hex of [
    '0020000000000000',
    'ffdfffffffffffff',
    '8000000000000000',
    '7fffffffffffffff',
  ])
    assert.equal(
      codeOf(() => new JuteReader(fromHex(hex)).readLong()),
      'JUTE_LONG_RANGE',
      hex,
    )
  assert.equal(new JuteReader(fromHex('001fffffffffffff')).readLong(), 2 ** 53 - 1)
  assert.equal(new JuteReader(fromHex('ffe0000000000000')).readLong(), -(2 ** 53))
  assert.equal(new JuteReader(fromHex('8000000000000000')).readLongBits(), -(1n << 63n))
})

test('lengths beyond the limit, and negative ones but −1, are refused before anything is read', () => {
  const limit = 2 * juteMaxBufferDefault
  assert.equal(
    codeOf(() => withLength(-2).readBuffer()),
    'JUTE_LENGTH',
  )
  assert.equal(
    codeOf(() => withLength(limit + 1).readString()),
    'JUTE_LENGTH',
  )
  assert.equal(
    codeOf(() => withLength(limit).readString()),
    'JUTE_TRUNCATED',
  )
  assert.equal(
    codeOf(() => withLength(-2).readCount()),
    'JUTE_LENGTH',
  )
  assert.equal(withLength(-1).readCount(), -1)
  assert.equal(withLength(0x7fff_ffff).readCount(), 0x7fff_ffff, 'counts are bounded by the bytes')
})

test('whatever the bytes, a reader stays inside its span and throws JuteErrors only', () => {
  const kinds = fc.array(fc.constantFrom(...(Object.keys(readers) as Field['kind'][])))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), kinds, (bytes, cut, wanted) => {
      const end = Math.min(cut, bytes.length)
      const reader = new JuteReader(bytes, 0, end)
      for (const kind of wanted) {
        codeOf(() => {
          const value = readers[kind](reader)
          if (value instanceof Uint8Array) assert.ok(value.byteOffset + value.length <= end)
        })
        assert.ok(reader.position <= end)
      }
    }),
    { numRuns: 2_000 },
  )
})
