/** What stands behind the image of a SNAP for servers of this kind alone: who gets it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid, PeerCapability } from '@quorate/protocol'
import { follow, RoleFixture, txnOf } from './role-fixture.ts'

const z11 = makeZxid(1, 1)

/** How often a leader of epoch 2 asks its history for the tail of the image that a learner gets. */
function tailsFor(capabilities: number | undefined): number {
  const disk = { currentEpoch: 1, acceptedEpoch: 1, snapshot: [txnOf(z11)], snapshotZxid: z11 }
  const fixture = new RoleFixture({ disk })
  const peer = follow(fixture, fixture.lead(), {
    id: 2,
    lastZxid: 0,
    epoch: 0,
    ...(capabilities !== undefined && { capabilities }),
  })
  assert.ok(peer.packets.includes('(the state: 1 transactions)'))
  return fixture.history.tailCount
}

test('a learner that takes it gets it', () => {
  assert.equal(tailsFor(PeerCapability.outcomes | PeerCapability.cumulative), 1)
})

test('Apache’s learners, and those of ours that do not know it, get what they always got', () => {
  assert.equal(tailsFor(undefined), 0)
  assert.equal(tailsFor(PeerCapability.confirmedSync | PeerCapability.cumulative), 0)
})
