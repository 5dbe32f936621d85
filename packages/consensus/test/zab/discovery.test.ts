import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MajorityQuorums } from '@quorate/consensus'
import { makeZxid } from '@quorate/protocol'
import { Discovery } from '../../src/zab/discovery.ts'

function discoveryOf(voterIds: readonly number[] = [1, 2, 3]): Discovery {
  return new Discovery({
    serverId: 3,
    quorums: () => new MajorityQuorums(voterIds),
    acceptedEpoch: 4,
    currentEpoch: 3,
    lastZxid: makeZxid(3, 7),
  })
}

const follower = {
  serverId: 1,
  currentEpoch: 3,
  lastZxid: makeZxid(3, 7),
} as const

describe('discovery', () => {
  test('fixes an epoch beyond all that a quorum has accepted, once', () => {
    const discovery = discoveryOf()
    assert.equal(discovery.fixEpoch(), undefined)
    discovery.reported(1, 9)
    assert.equal(discovery.fixEpoch(), 10)
    assert.equal(discovery.fixEpoch(), undefined)
    discovery.reported(2, 20)
    assert.equal(discovery.epoch, 10)
  })

  test('counts the leader’s own accepted epoch', () => {
    const discovery = discoveryOf()
    discovery.reported(1, 2)
    assert.equal(discovery.fixEpoch(), 5)
  })

  test('does not count who does not vote, and hears of their epoch', () => {
    const discovery = discoveryOf()
    discovery.reported(8, 30)
    discovery.reported(9, 2)
    assert.equal(discovery.fixEpoch(), undefined)
    discovery.reported(1, 2)
    assert.equal(discovery.fixEpoch(), 31)
  })

  test('does not count servers that are no members', () => {
    const discovery = discoveryOf()
    discovery.reported(7, 2)
    assert.equal(discovery.fixEpoch(), undefined)
  })

  test('needs nobody else where one server votes', () => {
    const discovery = discoveryOf([3])
    assert.equal(discovery.fixEpoch(), 5)
    assert.ok(discovery.agree())
    assert.equal(discovery.agree(), false)
  })

  test('agrees when a quorum has accepted the epoch, and not before it is fixed', () => {
    const discovery = discoveryOf()
    assert.equal(discovery.agree(), false)
    discovery.reported(1, 2)
    discovery.fixEpoch()
    assert.equal(discovery.agree(), false)
    assert.ok(discovery.accepted(follower))
    assert.ok(discovery.agree())
    assert.equal(discovery.agree(), false, 'it says so once')
  })

  test('does not take an answer of −1, one of who does not vote, or one without a history as a vote', () => {
    const discovery = discoveryOf()
    discovery.reported(1, 2)
    discovery.fixEpoch()
    assert.ok(discovery.accepted({ ...follower, currentEpoch: -1 }))
    assert.ok(discovery.accepted({ ...follower, serverId: 8 }))
    assert.ok(discovery.accepted({ ...follower, lastZxid: -1 }))
    assert.equal(discovery.agree(), false)
  })

  test('refuses a learner of a later epoch, or of the same and a later zxid', () => {
    const discovery = discoveryOf()
    assert.equal(discovery.accepted({ ...follower, lastZxid: makeZxid(3, 8) }), false)
    assert.equal(discovery.accepted({ ...follower, currentEpoch: 4, lastZxid: 0 }), false)
    assert.ok(discovery.accepted({ ...follower, currentEpoch: 2, lastZxid: makeZxid(2, 99) }))
  })

  test('refuses nobody once the epoch is agreed: who is ahead is cut back', () => {
    const discovery = discoveryOf()
    discovery.reported(1, 2)
    discovery.fixEpoch()
    discovery.accepted(follower)
    discovery.agree()
    assert.ok(discovery.accepted({ ...follower, serverId: 2, lastZxid: makeZxid(3, 8) }))
  })
})
