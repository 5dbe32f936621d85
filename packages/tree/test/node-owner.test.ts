import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type OwnerKind, ownerKind, ttlOf, ttlOwnerHigh, ttlOwnerLow } from '../src/node-owner.ts'

function kindOf(owner: bigint, extendedTypesEnabled = true): OwnerKind {
  const high = Number(BigInt.asIntN(32, owner >> 32n))
  return ownerKind(high, Number(BigInt.asIntN(32, owner)), extendedTypesEnabled)
}

test('owners are sessions but for the reserved values', () => {
  assert.equal(kindOf(0n), 'none')
  assert.equal(kindOf(1n), 'session')
  assert.equal(kindOf(0x8000_0000_0000_0000n), 'container')
  assert.equal(kindOf(0x8000_0000_0000_0001n), 'session', 'the id of a session of server 128')
  assert.equal(kindOf(0xfe00_0000_0000_0001n), 'session')
  assert.equal(kindOf(0xff00_0000_0000_ea60n), 'ttl')
  assert.equal(kindOf(0xff00_00ff_ffff_ffffn), 'ttl')
  assert.equal(kindOf(0xff00_0100_0000_0001n), 'session', 'reserved bits that are none of ours')
})

test('without extended types there are no TTL nodes, but containers', () => {
  assert.equal(kindOf(0xff00_0000_0000_ea60n, false), 'session')
  assert.equal(kindOf(0x8000_0000_0000_0000n, false), 'container')
})

test('every time to live comes back out of its owner', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 2 ** 40 - 1 }), fc.constant(60_000)),
      (ttlMs) => {
        const [high, low] = [ttlOwnerHigh(ttlMs), ttlOwnerLow(ttlMs)]
        assert.equal(ttlOf(high, low), ttlMs)
        assert.equal(ownerKind(high | 0, low, true), 'ttl')
      },
    ),
  )
})
