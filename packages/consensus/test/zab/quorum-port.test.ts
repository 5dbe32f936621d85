/** Whoever can connect to the quorum port can take only so much of a leader before it has said who it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeLearnerInfo,
  JuteWriter,
  makeZxid,
  PacketType,
  writeQuorumPacket,
} from '@quorate/protocol'
import type { Leader } from '../../src/zab/leader.ts'
import { follow, type PeerByHand, RoleFixture, txnOf } from './role-fixture.ts'

const disk = { currentEpoch: 1, acceptedEpoch: 1, log: [txnOf(makeZxid(1, 1))] }

function introduce(peer: PeerByHand, serverId: number, configVersion = 0): void {
  const info = {
    serverId,
    protocolVersion: 0x1_0000,
    configVersion,
    capabilities: undefined,
  }
  peer.send(PacketType.observerInfo, 0, encodeLearnerInfo(info))
}

/** The beginning of a packet whose data is announced to have this length. */
function announce(peer: PeerByHand, type: number, lengthBytes: number): void {
  const writer = new JuteWriter(64)
  writer.writeInt(type)
  writer.writeLong(0)
  writer.writeInt(lengthBytes)
  // The splitter looks at a length when a packet's least length is there.
  writer.writeInt(0)
  peer.sendRaw(writer.copy())
}

function connectMany(fixture: RoleFixture, leader: Leader, count: number): readonly PeerByHand[] {
  return Array.from({ length: count }, () => fixture.connect(leader))
}

test('a packet of more than a kilobyte is refused before the learner is in step, and taken afterwards', () => {
  const fixture = new RoleFixture({ disk })
  const leader = fixture.lead()
  const stranger = fixture.connect(leader)
  announce(stranger, PacketType.followerInfo, 1_025)
  assert.ok(stranger.isClosed)
  const learner = follow(fixture, leader, { id: 2, lastZxid: makeZxid(1, 1), epoch: 1 })
  announce(learner, PacketType.ack, 1_025)
  assert.ok(learner.isClosed)
  const other = follow(fixture, leader, { id: 2, lastZxid: makeZxid(1, 1), epoch: 1 })
  other.send(PacketType.ack, makeZxid(2, 0))
  announce(other, PacketType.request, 1_048_576)
  assert.equal(other.isClosed, false)
})

test('a learner whose membership is newer than the leader’s is sent away, and one with the same is not', () => {
  const fixture = new RoleFixture({ disk })
  const leader = fixture.lead()
  const [newer, same] = connectMany(fixture, leader, 2) as [PeerByHand, PeerByHand]
  introduce(newer, 4, 1)
  introduce(same, 5, 0)
  fixture.endTurn()
  assert.deepEqual([newer.isClosed, same.isClosed], [true, false])
})

test('identities are no part of an introduction', () => {
  const fixture = new RoleFixture({ disk })
  const peer = fixture.connect(fixture.lead())
  const writer = new JuteWriter(64)
  writeQuorumPacket(writer, PacketType.followerInfo, 0, new Uint8Array(20))
  const bytes = writer.copy()
  // The count of identities, which is null.
  bytes.set([0, 0, 0, 1], bytes.length - 4)
  peer.sendRaw(bytes)
  assert.ok(peer.isClosed)
})

test('of many connections that say nothing the oldest are closed, and those that say who they are stay', () => {
  const fixture = new RoleFixture({ disk })
  const leader = fixture.lead()
  const introduced = fixture.connect(leader)
  introduce(introduced, 3)
  const silent = connectMany(fixture, leader, 100)
  const open = silent.map(({ isClosed }) => !isClosed)
  assert.deepEqual(open, [...Array<boolean>(36).fill(false), ...Array<boolean>(64).fill(true)])
  assert.equal(introduced.isClosed, false)
})

test('who does not say in time who it is is cut off, whatever trickles in', () => {
  const fixture = new RoleFixture({ disk, options: { initLimit: 5, tickTimeMs: 200 } })
  const leader = fixture.lead()
  follow(fixture, leader, { id: 2, lastZxid: makeZxid(1, 1), epoch: 1 }).send(
    PacketType.ack,
    makeZxid(2, 0),
  )
  const peer = fixture.connect(leader)
  for (let tick = 0; tick < 6; tick++) {
    assert.equal(peer.isClosed, false)
    peer.sendRaw(Uint8Array.of(0))
    fixture.advance(200)
  }
  assert.ok(peer.isClosed)
})

test('only so many learners may be in no membership', () => {
  const fixture = new RoleFixture({ disk })
  const leader = fixture.lead()
  const peers = connectMany(fixture, leader, 60)
  peers.forEach((peer, i) => introduce(peer, 100 + i))
  const more = connectMany(fixture, leader, 10)
  more.forEach((peer, i) => introduce(peer, 200 + i))
  assert.deepEqual(
    [...peers, ...more].map(({ isClosed }) => isClosed),
    [...Array<boolean>(64).fill(false), ...Array<boolean>(6).fill(true)],
  )
  const member = fixture.connect(leader)
  introduce(member, 3)
  assert.equal(member.isClosed, false)
})
