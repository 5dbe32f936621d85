import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  counterOf,
  epochOf,
  firstSessionId,
  formatSessionId,
  formatZxid,
  makeZxid,
  readSessionId,
  type SessionId,
  sessionIdHigh,
  sessionIdLow,
  sessionIdOf,
  sessionPassword,
  writeSessionId,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { toHex } from './hex.ts'

test('passwords are those that Apache ZooKeeper gave to sessions', () => {
  const known: readonly (readonly [bigint, string])[] = [
    [0x0100_000a_ee5a_0000n, '74245717f1ee5f3a720eb2f722db8432'],
    [0x0100_000a_ee5a_0007n, 'ad874517d1d1fd0852d7e7799d75c299'],
  ]
  for (const [id, password] of known)
    assert.equal(toHex(sessionPassword(id as SessionId)), password)
  assert.equal(
    toHex(sessionPassword(0x0300_0019_f24e_0000n as SessionId)),
    'f00f9249bd9a572b4e7c8f5dce495091',
  )
})

test('an epoch and a counter make a zxid and come out of it', () => {
  fc.assert(
    fc.property(fc.nat(0x1f_ffff), fc.nat(0xffff_ffff), (epoch, counter) => {
      const zxid = makeZxid(epoch, counter)
      assert.deepEqual([epochOf(zxid), counterOf(zxid)], [epoch, counter])
      assert.equal(formatZxid(zxid), ((BigInt(epoch) << 32n) | BigInt(counter)).toString(16))
    }),
  )
})

test('a negative zxid is shown as the 64 bits that Java shows', () => {
  assert.equal(formatZxid(-1), 'ffffffffffffffff')
  assert.equal(formatZxid(0x1_0000_000a), '10000000a')
})

test('all 64 bits of a session id survive halves and bytes', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(5), (value, at) => {
      const id = value as SessionId
      assert.equal(sessionIdOf(sessionIdHigh(id), sessionIdLow(id)), id)
      const bytes = new Uint8Array(at + 8)
      writeSessionId(bytes, at, id)
      assert.equal(readSessionId(bytes, at), id)
      assert.equal(formatSessionId(id), `0x${value.toString(16)}`)
    }),
  )
})

test('session ids start with the server’s id and 40 bits of the time', () => {
  const first = firstSessionId(1, 0x123_4567_89ab)
  assert.equal(first, 0x0123_4567_89ab_0000n | (1n << 56n))
  assert.equal(firstSessionId(255, 0) >> 56n, 255n)
  assert.equal(
    firstSessionId(128, 0),
    0x8000_0000_0000_0001n,
    'the owner of containers is left out',
  )
  assert.ok(firstSessionId(3, 1_001) > firstSessionId(3, 1_000))
})

test('session ids whose low bits are alike are told apart, in whichever order they come', () => {
  const part = fc.nat(3).map((value) => value * 0x0101_0101)
  fc.assert(
    fc.property(fc.array(fc.tuple(part, part), { maxLength: 60 }), (halves) => {
      for (const [high, low] of halves)
        assert.equal(sessionIdOf(high, low), (BigInt(high) << 32n) | BigInt(low))
    }),
  )
})
