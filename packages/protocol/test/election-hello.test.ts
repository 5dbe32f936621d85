/** The initial message of an election connection: its three forms, in any chunks, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ElectionHello,
  ElectionHelloReader,
  type ElectionRefusalCode,
  encodeElectionHello,
  isElectionRefusal,
  utf8Encode,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { fromHex, toHex } from './hex.ts'

function outcomeOf(bytes: Uint8Array): ElectionHelloReader['outcome'] {
  const reader = new ElectionHelloReader()
  reader.push(bytes, 0, bytes.length)
  return reader.outcome
}

function withAddresses(addresses: string, version = 'ffffffffffff0000'): Uint8Array {
  const text = toHex(utf8Encode(addresses))
  const length = (text.length / 2).toString(16).padStart(8, '0')
  return fromHex(`${version} 0000000000000002 ${length} ${text}`)
}

function assertRefused(code: ElectionRefusalCode, bytes: Uint8Array): void {
  const outcome = outcomeOf(bytes)
  assert.ok(outcome !== undefined && isElectionRefusal(outcome))
  assert.equal(outcome.code, code)
}

const captured: ElectionHello = {
  version: 'oneAddress',
  serverId: 2,
  addresses: [{ host: '127.0.0.1', port: 22_132 }],
}

const hellos: readonly ElectionHello[] = [
  captured,
  {
    version: 'addresses',
    serverId: 3,
    addresses: [
      { host: 'zk-a', port: 3888 },
      { host: '2001:db8::1', port: 3889 },
    ],
  },
  { version: 'oneAddress', serverId: undefined, addresses: [{ host: 'o', port: 1 }] },
  { version: 'idOnly', serverId: 7, addresses: [] },
  { version: 'idOnly', serverId: undefined, addresses: [] },
]

test('each form is read as it was written, at every cut, and nothing behind it is taken', () => {
  for (const hello of hellos) {
    const message = encodeElectionHello(hello)
    const stream = Uint8Array.from([...message, 0, 0, 0, 1, 9])
    for (let cut = 0; cut <= message.length; cut++) {
      const reader = new ElectionHelloReader()
      assert.equal(reader.push(stream.slice(0, cut), 0, cut), cut)
      if (cut < message.length) assert.equal(reader.outcome, undefined)
      assert.equal(reader.push(stream, cut, stream.length), message.length)
      assert.deepEqual(reader.outcome, hello)
    }
  }
})

test('the version tells one address from several', () => {
  assert.equal(
    toHex(encodeElectionHello(captured)),
    'ffffffffffff000000000000000000020000000f3132372e302e302e313a3232313332',
  )
  assert.equal(
    toHex(encodeElectionHello({ ...captured, version: 'addresses' })),
    'ffffffffffff000100000000000000020000000f3132372e302e302e313a3232313332',
  )
})

test('addresses that stand for all of a machine are left out', () => {
  const outcome = outcomeOf(withAddresses('0.0.0.0:3888|[::]:3888|a:3888', 'ffffffffffff0001'))
  assert.ok(outcome !== undefined && !isElectionRefusal(outcome))
  assert.deepEqual(outcome.addresses, [{ host: 'a', port: 3888 }])
})

test('an unknown version is refused', () => {
  assertRefused('HELLO_VERSION', fromHex('ffffffffffff0002'))
  assertRefused('HELLO_VERSION', fromHex('fffffffeffff0000'))
  assertRefused('HELLO_VERSION', fromHex('8000000000000000'))
})

test('a length of addresses outside of 1 to 2048 is refused', () => {
  for (const length of ['00000000', 'ffffffff', '00000801']) {
    assertRefused('HELLO_LENGTH', fromHex(`ffffffffffff0000 0000000000000002 ${length}`))
  }
})

test('addresses that are not host:port are refused', () => {
  for (const addresses of [
    'a',
    'a:',
    ':',
    'a:b',
    'a:70000',
    'a:1:2',
    '[::1',
    '[::1]3',
    'a:1||b:1',
    '|',
  ]) {
    assertRefused('HELLO_ADDRESS', withAddresses(addresses))
  }
})

test('a server id that is no safe integer is refused', () => {
  assertRefused('HELLO_SERVER_ID', fromHex('7ffffffffffffffe'))
  assertRefused('HELLO_SERVER_ID', fromHex('ffffffffffff0000 8000000000000000 00000003 613a31'))
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, hasVersion) => {
      outcomeOf(hasVersion ? fromHex(`ffffffffffff0000${toHex(bytes)}`) : bytes)
    }),
  )
})
