import assert from 'node:assert/strict'
import { it } from 'node:test'
import { purePlatform, utf8Encode } from '@quorate/protocol'
import { valueCodecOf } from '../src/value-codec.ts'

const bytes = new Uint8Array([1, 2])

it('writes and reads strings by default', () => {
  const codec = valueCodecOf('utf8', purePlatform)
  assert.equal(codec.decode('/a', codec.encode('/a', 'grün 🌲')), 'grün 🌲')
  assert.equal(codec.decode('/a', null), '')
  assert.throws(() => codec.encode('/a', 5 as never), { code: 'InvalidValue', path: '/a' })
})

it('gives bytes as a copy, and null for none', () => {
  const codec = valueCodecOf('bytes', purePlatform)
  const decoded = codec.decode('/a', bytes)
  assert.deepEqual(decoded, bytes)
  assert.notEqual(decoded?.buffer, bytes.buffer)
  assert.equal(codec.decode('/a', null), null)
  assert.throws(() => codec.encode('/a', 'text' as never), { code: 'InvalidValue' })
})

it('writes and reads JSON', () => {
  const codec = valueCodecOf('json', purePlatform)
  assert.deepEqual(codec.decode('/a', codec.encode('/a', { x: [1] })), { x: [1] })
  assert.equal(codec.decode('/a', null), null)
  assert.equal(codec.decode('/a', new Uint8Array(0)), null)
  assert.throws(() => codec.decode('/a', utf8Encode('{')), { code: 'InvalidValue', path: '/a' })
  assert.throws(() => codec.encode('/a', undefined), { code: 'InvalidValue' })
})

it('takes a codec of the user', () => {
  const codec = valueCodecOf(
    {
      encode: (value: Date) => utf8Encode(value.toISOString()),
      decode: (data) => new Date(Buffer.from(data!).toString()),
    },
    purePlatform,
  )
  const date = new Date(0)
  assert.deepEqual(codec.decode('/a', codec.encode('/a', date)), date)
})
