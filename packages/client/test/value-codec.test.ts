import assert from 'node:assert/strict'
import { it } from 'node:test'
import { purePlatform, utf8Encode } from '@quorate/protocol'
import { PathCodecs } from '../src/codecs-by-path.ts'
import type { CodecChoice } from '../src/index.ts'

const bytes = new Uint8Array([1, 2])

function codecs(choice: CodecChoice): PathCodecs {
  return new PathCodecs(choice, purePlatform)
}

function text(data: Uint8Array | null): string {
  return Buffer.from(data!).toString()
}

/** As a schema of zod is: it has `encode` and `decode` beside `parse`, and they are of no use to a codec. */
const port = {
  parse(value: unknown): { port: number } {
    const { port: number } = value as { port?: unknown }
    if (typeof number !== 'number') throw new Error('port: expected a number')
    return { port: number }
  },
  decode: (): never => assert.fail('decode is for something else'),
}

it('writes and reads strings by default', () => {
  const codec = codecs('utf8')
  assert.equal(codec.decode('/a', codec.encode('/a', 'grün 🌲')), 'grün 🌲')
  assert.equal(codec.decode('/a', null), '')
  assert.throws(() => codec.encode('/a', 5), {
    code: 'InvalidValue',
    path: '/a',
    message:
      'InvalidValue: the value of /a cannot be written by its codec: the codec utf8 takes strings, and the value is of type number',
  })
})

it('gives bytes as a copy, and null for none', () => {
  const codec = codecs('bytes')
  const decoded = codec.decode('/a', bytes) as Uint8Array
  assert.deepEqual(decoded, bytes)
  assert.notEqual(decoded.buffer, bytes.buffer)
  assert.equal(codec.decode('/a', null), null)
  assert.throws(() => codec.encode('/a', 'text'), { code: 'InvalidValue' })
})

it('writes and reads JSON', () => {
  const codec = codecs('json')
  assert.deepEqual(codec.decode('/a', codec.encode('/a', { x: [1] })), { x: [1] })
  assert.equal(codec.decode('/a', null), null)
  assert.equal(codec.decode('/a', new Uint8Array(0)), null)
  assert.throws(() => codec.decode('/a', utf8Encode('{')), { code: 'InvalidValue', path: '/a' })
  assert.throws(() => codec.encode('/a', undefined), { code: 'InvalidValue' })
})

it('takes a codec of the user', () => {
  const codec = codecs({
    encode: (value: Date) => utf8Encode(value.toISOString()),
    decode: (data) => new Date(text(data)),
  })
  const date = new Date(0)
  assert.deepEqual(codec.decode('/a', codec.encode('/a', date)), date)
})

it('checks values by a schema, when they are written and when they are read', () => {
  const codec = codecs(port)
  const data = codec.encode('/a', { port: 80, unknown: true })
  assert.equal(text(data), '{"port":80}')
  assert.deepEqual(codec.decode('/a', data), { port: 80 })
  assert.throws(() => codec.encode('/a', { port: '80' }), {
    code: 'InvalidValue',
    message: /cannot be written by its codec: port: expected a number$/,
  })
  assert.throws(() => codec.decode('/a', utf8Encode('{"port":"80"}')), {
    code: 'InvalidValue',
    message: /cannot be read by its codec: port: expected a number$/,
  })
  assert.throws(() => codec.decode('/a', null), { code: 'InvalidValue' })
})

it('writes what a schema with two directions encodes', () => {
  const codec = codecs({
    parse: (value: unknown) => new Date(value as string),
    encode: (value: Date) => value.toISOString(),
  })
  const date = new Date(0)
  assert.equal(text(codec.encode('/a', date)), '"1970-01-01T00:00:00.000Z"')
  assert.deepEqual(codec.decode('/a', codec.encode('/a', date)), date)
})

it('refuses a schema that answers later', () => {
  const codec = codecs({ parse: (value) => Promise.resolve(value) })
  assert.throws(() => codec.encode('/a', 1), { code: 'InvalidValue', message: /a promise/ })
  assert.throws(() => codec.decode('/a', null), { code: 'InvalidValue', message: /a promise/ })
})

it('refuses what is no codec', () => {
  for (const choice of ['utf-8', {}, { encode() {} }, null, 7])
    assert.throws(() => codecs(choice as never), {
      code: 'BadArguments',
      message: /^BadArguments: a codec is 'utf8'/,
    })
})
