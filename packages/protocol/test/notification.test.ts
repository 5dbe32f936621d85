/** Notifications of every age, and what is refused without an exception. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeNotification,
  type ElectionRefusalCode,
  encodeNotification,
  isElectionRefusal,
  makeZxid,
  type Notification,
  noVote,
  PeerState,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { fromHex, toHex } from './hex.ts'

function decodeHex(hex: string): ReturnType<typeof decodeNotification> {
  const bytes = fromHex(hex)
  return decodeNotification(bytes, 0, bytes.length)
}

function assertRefused(code: ElectionRefusalCode, hex: string): void {
  const decoded = decodeHex(hex)
  assert.ok(isElectionRefusal(decoded))
  assert.equal(decoded.code, code)
}

const votes =
  '00000002 0000000000000003 0000000500000007 0000000000000009 0000000000000006' as const
const vote = { state: 2, leader: 3, zxid: makeZxid(5, 7), electionEpoch: 9, peerEpoch: 6 }

test('28 bytes have the epoch of the zxid', () => {
  const oldest = '00000002 0000000000000003 0000000500000007 0000000000000009'
  assert.deepEqual(decodeHex(oldest), { ...vote, peerEpoch: 5, version: 0, config: undefined })
})

test('40 bytes are of version 0, whatever number stands there', () => {
  for (const version of ['00000000', '00000001', '00000002']) {
    assert.deepEqual(decodeHex(`${votes} ${version}`), { ...vote, version: 0, config: undefined })
  }
})

test('version 1 has no configuration', () => {
  assert.deepEqual(decodeHex(`${votes} 00000001 00000000`), {
    ...vote,
    version: 1,
    config: undefined,
  })
})

test('version 2 has a configuration', () => {
  assert.deepEqual(decodeHex(`${votes} 00000002 00000002 4142`), {
    ...vote,
    version: 2,
    config: 'AB',
  })
})

test('a later version is read as version 2 is', () => {
  assert.deepEqual(decodeHex(`${votes} 00000003 00000001 41 ffff`), {
    ...vote,
    version: 3,
    config: 'A',
  })
})

const voteLong = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: -1, max }), fc.constantFrom(noVote, max))
const notification: fc.Arbitrary<Notification> = fc.record(
  {
    state: fc.constantFrom(...Object.values(PeerState)),
    leader: voteLong(Number.MAX_SAFE_INTEGER),
    zxid: voteLong(Number.MAX_SAFE_INTEGER),
    electionEpoch: voteLong(Number.MAX_SAFE_INTEGER),
    peerEpoch: voteLong(0x1f_ffff),
    version: fc.constantFrom(2, 3),
    config: fc.string({ unit: 'binary' }),
  },
  { noNullPrototype: true },
)

test('a notification is read as it was written, no vote included', () => {
  fc.assert(
    fc.property(notification, fc.nat(5), (value, offset) => {
      const payload = encodeNotification(value)
      const held = Uint8Array.from([...new Uint8Array(offset), ...payload, 1, 2])
      assert.deepEqual(decodeNotification(held, offset, held.length - 2), value)
    }),
  )
})

test('who may not vote sends Long.MIN_VALUE', () => {
  const payload = encodeNotification({
    state: PeerState.looking,
    leader: noVote,
    zxid: noVote,
    electionEpoch: 1,
    peerEpoch: noVote,
    version: 2,
    config: '',
  })
  assert.equal(
    toHex(payload),
    '0000000080000000000000008000000000000000000000000000000180000000000000000000000200000000',
  )
})

test('less than 28 bytes are refused, and lengths that no version has', () => {
  assertRefused('NOTIFICATION_SHORT', '')
  assertRefused('NOTIFICATION_SHORT', '00'.repeat(27))
  assertRefused('NOTIFICATION_SHORT', '00'.repeat(29))
  assertRefused('NOTIFICATION_SHORT', '00'.repeat(36))
})

test('a configuration that does not fit is refused', () => {
  assertRefused('NOTIFICATION_CONFIG_LENGTH', `${votes} 00000002 ffffffff`)
  assertRefused('NOTIFICATION_CONFIG_LENGTH', `${votes} 00000002 00000002 41`)
  assertRefused('NOTIFICATION_CONFIG_LENGTH', `${votes} 00000002 7fffffff 41`)
  assertRefused('NOTIFICATION_CONFIG_LENGTH', `${votes} 00000002 0000`)
})

test('an unknown state is refused', () => {
  assertRefused('NOTIFICATION_STATE', `00000004 ${votes.slice(9)} 00000002 00000000`)
  assertRefused('NOTIFICATION_STATE', `ffffffff ${votes.slice(9)} 00000002 00000000`)
})

test('epochs of 2^21 and more are refused', () => {
  const start = '00000002 0000000000000003'
  const end = '00000002 00000000'
  assertRefused(
    'NOTIFICATION_LONG_RANGE',
    `${start} 0020000000000000 0000000000000009 0000000000000006 ${end}`,
  )
  assertRefused(
    'NOTIFICATION_LONG_RANGE',
    `${start} 0000000500000007 0000000000000009 0000000000200000 ${end}`,
  )
  assertRefused(
    'NOTIFICATION_LONG_RANGE',
    `${start} 0000000500000007 8000000000000001 0000000000000006 ${end}`,
  )
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.equal(typeof decodeNotification(bytes, 0, bytes.length), 'object')
    }),
  )
})
