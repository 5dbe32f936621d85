/** A synchronisation may take longer than initLimit as long as something moves: neither side gives the other up. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeAckEpoch, JuteWriter, makeZxid, PacketType, PeerCapability } from '@quorate/protocol'
import {
  acceptEpoch,
  follow,
  introduce,
  type PeerByHand,
  RoleFixture,
  txnOf,
} from './role-fixture.ts'

const [z11, z12] = [makeZxid(1, 1), makeZxid(1, 2)]
const z20 = makeZxid(2, 0)
const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }
/** Of initLimit and syncLimit. */
const [initMs, syncMs] = [2_000, 1_000]

function pingsOf(peer: PeerByHand): readonly string[] {
  return peer.packets.filter((packet) => packet.startsWith('PING'))
}

function following(): { readonly fixture: RoleFixture; readonly leader: PeerByHand } {
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] } })
  const leader = fixture.learn()
  acceptEpoch(fixture, leader, z20)
  return { fixture, leader }
}

describe('a leader', () => {
  /** Server 1 leads with 1:1 in its snapshot, so that who has nothing needs an image. */
  function leading(voters: readonly number[]): RoleFixture {
    const disk = { ...inEpoch1, snapshot: [txnOf(z11)], snapshotZxid: z11 }
    return new RoleFixture({ voters, disk })
  }
  const behind = { lastZxid: 0, epoch: 0 }
  const level = { lastZxid: z11, epoch: 1 }

  test('leads on without a quorum while a voter takes what it is sent, and no longer', () => {
    const fixture = leading([1, 2, 3])
    const peer = follow(fixture, fixture.lead(), { id: 2, ...behind })
    for (let ms = 0; ms < 3 * initMs; ms += 200) {
      // A little of it is taken each tick, and it never comes to nothing.
      peer.queuedBytes = 1_000_000 - ms
      fixture.advance(200)
    }
    assert.equal(fixture.isOver, false)
    assert.equal(peer.isClosed, false)
    fixture.advance(initMs + 400)
    assert.ok(peer.isClosed)
    assert.equal(fixture.end?.code, 'LEADER_WITHOUT_QUORUM')
  })

  test('gives a quorum initLimit from the agreed epoch on, and not more because of an observer', () => {
    const fixture = leading([1, 2, 3])
    const leader = fixture.lead()
    follow(fixture, leader, { id: 2, ...level })
    const observer = follow(fixture, leader, { id: 9, ...behind })
    for (let ms = 0; ms <= initMs; ms += 200) {
      observer.queuedBytes = 1_000_000 - ms
      fixture.advance(200)
    }
    assert.equal(fixture.end?.code, 'LEADER_WITHOUT_QUORUM')
  })

  test('waits for a voter that waits for an image, and shows it that it is there if it is one of ours', () => {
    for (const capabilities of [PeerCapability.earlyPings, undefined]) {
      const fixture = leading([1, 2, 3])
      fixture.history.isImageLate = true
      const leader = fixture.lead()
      const peer = fixture.connect(leader)
      introduce(fixture, peer, { id: 2, ...behind, ...(capabilities && { capabilities }) })
      fixture.completeAll()
      peer.send(PacketType.ackEpoch, 0, encodeAckEpoch(0))
      assert.equal(fixture.complete(), 'writes currentEpoch 2')
      fixture.advance(3 * initMs)
      assert.deepEqual([fixture.isOver, peer.isClosed], [false, false])
      const pings = pingsOf(peer).length
      assert.equal(pings, capabilities === undefined ? 0 : (3 * initMs) / 100)
      assert.equal(peer.packets.length, pings + 1, 'nothing but LEADERINFO and pings')
      assert.equal(fixture.complete(), 'opens an image of the state')
      // Its time begins with its image.
      fixture.advance(initMs - 100)
      assert.equal(peer.isClosed, false)
      fixture.advance(400)
      assert.ok(peer.isClosed)
    }
  })

  test('pings who is in step while others are brought to its history, and does not count on answers', () => {
    const fixture = leading([1, 2, 3, 4, 5])
    const leader = fixture.lead()
    const [first, second] = [fixture.connect(leader), fixture.connect(leader)]
    introduce(fixture, first, { id: 2, ...level })
    introduce(fixture, second, { id: 3, ...behind })
    fixture.completeAll()
    first.send(PacketType.ackEpoch, z11, encodeAckEpoch(1))
    second.send(PacketType.ackEpoch, 0, encodeAckEpoch(0))
    fixture.completeAll()
    first.send(PacketType.ack, z20)
    const pingsBefore = pingsOf(first).length
    for (let ms = 0; ms < 3 * syncMs; ms += 200) {
      second.queuedBytes = 1_000_000 - ms
      fixture.advance(200)
    }
    assert.equal(first.isClosed, false)
    assert.equal(pingsOf(first).length - pingsBefore, (3 * syncMs) / 100)
    assert.deepEqual(pingsOf(second), [])
    second.queuedBytes = 0
    second.send(PacketType.ack, z20)
    fixture.endTurn()
    assert.ok(fixture.isServing)
    // Nobody owes an answer to what came before UPTODATE.
    for (let ms = 0; ms < 3 * syncMs; ms += 100) {
      fixture.advance(100)
      for (const peer of [first, second]) peer.send(PacketType.ping, z11)
    }
    assert.equal(fixture.isOver, false)
  })
})

describe('a learner', () => {
  test('waits for an image as long as its leader shows that it is there', () => {
    const { fixture, leader } = following()
    for (let ms = 0; ms < 3 * initMs; ms += 200) {
      fixture.advance(200)
      leader.send(PacketType.ping, z11)
    }
    assert.equal(fixture.isOver, false)
    fixture.advance(initMs + 100)
    assert.equal(fixture.end?.code, 'LEADER_SILENT')
  })

  test('takes a packet that needs longer than initLimit to arrive', () => {
    const { fixture, leader } = following()
    leader.send(PacketType.diff, z12)
    const writer = new JuteWriter(64)
    writer.writeInt(PacketType.proposal)
    writer.writeLong(z12)
    writer.writeInt(1_000_000)
    leader.sendRaw(writer.copy())
    for (let ms = 0; ms < 3 * initMs; ms += 200) {
      fixture.advance(200)
      leader.sendRaw(new Uint8Array(100))
    }
    assert.equal(fixture.isOver, false)
    fixture.advance(initMs + 200)
    assert.equal(fixture.end?.code, 'LEADER_SILENT')
  })

  test('in step gives a leader that synchronises others initLimit, and one that serves it syncLimit', () => {
    const { fixture, leader } = following()
    leader.send(PacketType.diff, z11)
    leader.send(PacketType.newLeader, z20)
    fixture.endTurn()
    fixture.completeAll()
    fixture.advance(initMs - 100)
    assert.equal(fixture.isOver, false)
    leader.send(PacketType.upToDate, -1)
    fixture.advance(syncMs - 100)
    assert.equal(fixture.isOver, false)
    fixture.advance(300)
    assert.equal(fixture.end?.code, 'LEADER_SILENT')
  })
})
