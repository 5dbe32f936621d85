/** One ACK for many proposals, one COMMIT for many transactions: between servers of this kind, and with no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeLeaderInfo,
  makeZxid,
  PacketType,
  PeerCapability,
  type Zxid,
} from '@quorate/protocol'
import { follow, RoleFixture, serveLearner, txnOf } from './role-fixture.ts'

const [z11, z20, z21, z22, z23] = [
  makeZxid(1, 1),
  makeZxid(2, 0),
  makeZxid(2, 1),
  makeZxid(2, 2),
  makeZxid(2, 3),
]

/** A follower that serves under a leader with these capabilities, and has three proposals on its disk. */
function proposed(capabilities: number | undefined): {
  readonly fixture: RoleFixture
  readonly leader: ReturnType<RoleFixture['learn']>
} {
  const fixture = new RoleFixture({
    disk: { currentEpoch: 1, acceptedEpoch: 1, log: [txnOf(z11)] },
  })
  const leader = fixture.learn()
  leader.send(
    PacketType.leaderInfo,
    z20,
    encodeLeaderInfo({ protocolVersion: 0x10000, capabilities }),
  )
  fixture.endTurn()
  fixture.completeAll()
  serveLearner(fixture, leader, { lastZxid: z11, epochZxid: z20 })
  leader.packets.length = 0
  for (const zxid of [z21, z22, z23]) leader.send(PacketType.proposal, zxid, txnOf(zxid).bytes)
  fixture.endTurn()
  fixture.completeAll()
  fixture.endTurn()
  return { fixture, leader }
}

function commitAtOnce(capabilities: number | undefined, zxid: Zxid): RoleFixture {
  const { fixture, leader } = proposed(capabilities)
  leader.send(PacketType.commit, zxid)
  return fixture
}

test('a follower sends one ACK for what became durable together', () => {
  assert.deepEqual(proposed(PeerCapability.cumulative).leader.packets, ['ACK 2:3'])
})

test('a leader that does not say that it takes such ACKs gets one for each proposal', () => {
  for (const capabilities of [undefined, PeerCapability.confirmedSync])
    assert.deepEqual(proposed(capabilities).leader.packets, ['ACK 2:1', 'ACK 2:2', 'ACK 2:3'])
})

test('a COMMIT delivers what was proposed before it as well', () => {
  const fixture = commitAtOnce(PeerCapability.cumulative, z22)
  assert.equal(fixture.isOver, false)
  assert.deepEqual(fixture.delivered, [z21, z22])
})

test('a COMMIT beyond what was proposed ends the term', () => {
  const fixture = commitAtOnce(PeerCapability.cumulative, makeZxid(2, 4))
  assert.equal(fixture.end?.code, 'COMMIT_OUT_OF_ORDER')
})

test('a COMMIT of a leader that sends one for each may leave none out', () => {
  const fixture = commitAtOnce(undefined, z22)
  assert.equal(fixture.end?.code, 'COMMIT_OUT_OF_ORDER')
  assert.deepEqual(fixture.delivered, [])
})

test('a leader sends one COMMIT for what it commits together, and each by itself to a learner that needs that', () => {
  const fixture = new RoleFixture({
    disk: { currentEpoch: 1, acceptedEpoch: 1, log: [txnOf(z11)] },
  })
  const leader = fixture.lead()
  const ours = follow(fixture, leader, {
    id: 2,
    lastZxid: z11,
    epoch: 1,
    capabilities: PeerCapability.cumulative,
  })
  const apache = follow(fixture, leader, { id: 3, lastZxid: z11, epoch: 1 })
  for (const peer of [ours, apache]) peer.send(PacketType.ack, z20)
  fixture.completeAll()
  fixture.endTurn()
  for (const zxid of [z21, z22]) fixture.term!.submit(txnOf(zxid))
  fixture.endTurn()
  ours.packets.length = 0
  apache.packets.length = 0
  ours.send(PacketType.ack, z22)
  fixture.completeAll()
  fixture.endTurn()
  assert.deepEqual(ours.packets, ['COMMIT 2:2'])
  assert.deepEqual(apache.packets, ['COMMIT 2:1', 'COMMIT 2:2'])
})
