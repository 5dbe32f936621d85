/** A follower that serves observers, and an observer that looks for one. What they say to each other is in the transcripts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeAckEpoch,
  encodeLearnerInfo,
  JuteWriter,
  makeZxid,
  OpCode,
  PacketType,
  PeerCapability,
  type SessionId,
  writeRequestPacket,
  type Zxid,
} from '@quorate/protocol'
import { acceptEpoch, type PeerByHand, RoleFixture, serveLearner, txnOf } from './role-fixture.ts'

const options = { hasObserverMasters: true }
const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }
const [z11, z20, z21, z30, z31] = [
  makeZxid(1, 1),
  makeZxid(2, 0),
  makeZxid(2, 1),
  makeZxid(3, 0),
  makeZxid(3, 1),
]

/** A follower with 1:1 that serves in epoch 2. */
function followerInStep(): { fixture: RoleFixture; leader: PeerByHand } {
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] }, options })
  const leader = fixture.learn()
  acceptEpoch(fixture, leader, z20)
  serveLearner(fixture, leader, { lastZxid: z11, epochZxid: z20 })
  leader.packets.length = 0
  return { fixture, leader }
}

function introduce(fixture: RoleFixture, type: number, lastZxid: Zxid, serverId = 4): PeerByHand {
  const observer = fixture.connectObserver()
  const info = { serverId, protocolVersion: 0x10000, configVersion: 0, capabilities: undefined }
  observer.send(type, z20, encodeLearnerInfo(info))
  fixture.endTurn()
  if (observer.isClosed) return observer
  observer.send(PacketType.ackEpoch, lastZxid, encodeAckEpoch(-1))
  fixture.endTurn()
  return observer
}

function observerInStep(fixture: RoleFixture, serverId = 4): PeerByHand {
  const observer = introduce(fixture, PacketType.observerInfo, z11, serverId)
  observer.send(PacketType.ack, z20)
  fixture.endTurn()
  observer.packets.length = 0
  return observer
}

test('an observer is brought to the follower’s own history, and served at once', () => {
  const { fixture } = followerInStep()
  const observer = introduce(fixture, PacketType.observerInfo, z11)
  observer.send(PacketType.ack, z20)
  fixture.endTurn()
  assert.deepEqual(observer.packets, [
    'LEADERINFO 2:0',
    'DIFF 1:1',
    'NEWLEADER 2:0 version 0:0',
    'UPTODATE',
  ])
})

test('an observer hears of what is committed only', () => {
  const { fixture, leader } = followerInStep()
  const observer = observerInStep(fixture)
  leader.send(PacketType.proposal, z21, txnOf(z21).bytes)
  fixture.endTurn()
  fixture.completeAll()
  assert.deepEqual(observer.packets, [])
  leader.send(PacketType.commit, z21)
  fixture.endTurn()
  assert.equal(observer.packets.length, 1)
  assert.match(observer.packets[0], /^INFORM 2:1/)
})

test('nobody but observers is served', () => {
  const { fixture } = followerInStep()
  const voter = introduce(fixture, PacketType.followerInfo, z11, 2)
  assert.ok(voter.isClosed)
  assert.deepEqual(voter.packets, [])
})

test('an observer whose history is of a later epoch is sent away: another leader is at work', () => {
  const { fixture } = followerInStep()
  assert.ok(introduce(fixture, PacketType.observerInfo, z31).isClosed)
})

test('an answer for an observer that has left is nobody else’s', () => {
  const { fixture, leader } = followerInStep()
  const [gone, there] = [observerInStep(fixture, 4), observerInStep(fixture, 5)]
  const writer = new JuteWriter(64)
  const body = new Uint8Array(0)
  const sync = { session: 7n as SessionId, cxid: 1, type: OpCode.sync, body }
  writeRequestPacket(writer, sync, [])
  const request = writer.copy()
  for (const observer of [gone, there]) {
    observer.sendRaw(request)
    fixture.endTurn()
  }
  gone.listener?.closed('broken')
  leader.send(PacketType.sync, 0)
  fixture.endTurn()
  assert.deepEqual(there.packets, [])
  leader.send(PacketType.sync, 0)
  fixture.endTurn()
  assert.deepEqual(there.packets, ['SYNC 0:0'])
})

test('an observer goes on to the next master when one turns it away, and at last to the leader', () => {
  const fixture = new RoleFixture({ disk: inEpoch1, options: { ...options, serverId: 4 } })
  fixture.learn(true)
  for (let count = 0; count < 16; count++) {
    fixture.peers.at(-1)!.listener?.closed('closed by the peer')
    fixture.advance(100)
  }
  assert.deepEqual(fixture.dialled.slice(0, 3), ['master 1', 'master 2', 'master 1'])
  assert.deepEqual(fixture.dialled.slice(14, 16), ['master 1', 'leader 3'])
})

test('a master that keeps an observer waiting until its leader is lost is followed by the leader, which may need it', () => {
  const fixture = new RoleFixture({ disk: inEpoch1, options: { ...options, serverId: 4 } })
  const master = fixture.learn(true)
  fixture.advance(1_000)
  master.listener?.closed('closed by the peer')
  fixture.advance(100)
  assert.deepEqual(fixture.dialled, ['master 1', 'leader 3'])
})

/** An observer with the id 4 whom its leader serves in epoch 2, as none of the masters 1 and 2 answered. */
function observerAtLeader(): { fixture: RoleFixture; leader: PeerByHand } {
  const disk = { ...inEpoch1, log: [txnOf(z11)] }
  const fixture = new RoleFixture({ disk, options: { ...options, serverId: 4 } })
  fixture.learn(true)
  for (let count = 0; count < 15; count++) {
    fixture.peers.at(-1)!.listener?.closed('closed by the peer')
    fixture.advance(100)
  }
  const leader = fixture.peers.at(-1)!
  acceptEpoch(fixture, leader, z20)
  serveLearner(fixture, leader, { lastZxid: z11, epochZxid: z20 })
  assert.ok(fixture.isServing)
  fixture.dialled.length = 0
  return { fixture, leader }
}

/** Lets time pass until the observer dials somebody. @returns how long that took, ms */
function untilDialled(fixture: RoleFixture, leader: PeerByHand): number {
  const [startMs, count] = [fixture.nowMs, fixture.dialled.length]
  while (fixture.dialled.length === count && !fixture.isOver) {
    leader.send(PacketType.ping, z11)
    fixture.advance(100)
  }
  return fixture.nowMs - startMs
}

test('an observer knows whether writes of sessions that have moved are kept back', () => {
  assert.equal(observerAtLeader().fixture.learnerTerm?.fencesMoves, true)
  for (const [capabilities, isSo] of [
    [undefined, false],
    [PeerCapability.fencesMoves, true],
  ] as const) {
    const disk = { ...inEpoch1, log: [txnOf(z11)] }
    const fixture = new RoleFixture({ disk, options: { ...options, serverId: 4 } })
    const master = fixture.learn(true)
    acceptEpoch(fixture, master, z20, capabilities)
    serveLearner(fixture, master, { lastZxid: z11, epochZxid: z20 })
    assert.equal(fixture.learnerTerm?.fencesMoves, isSo)
  }
})

const leaderInfo = Uint8Array.of(0, 1, 0, 0)

test('an observer that its leader serves looks for a master after some minutes, and begins anew when there is one', () => {
  const { fixture, leader } = observerAtLeader()
  const elapsedMs = untilDialled(fixture, leader)
  assert.ok(elapsedMs >= 60_000 && elapsedMs <= 120_000, `${elapsedMs} ms`)
  assert.match(fixture.dialled[0], /^master/)
  const master = fixture.peers.at(-1)!
  assert.match(master.packets[0], /^OBSERVERINFO/)
  assert.equal(fixture.isOver, false)
  master.send(PacketType.leaderInfo, z20, leaderInfo)
  assert.equal(fixture.end?.code, 'MASTER_FOUND')
  assert.ok(master.isClosed)
})

test('it stays with its leader while nobody serves it, or behind another leader only', () => {
  const { fixture, leader } = observerAtLeader()
  for (const answer of ['closes', 'of another epoch', 'is silent'] as const) {
    untilDialled(fixture, leader)
    const master = fixture.peers.at(-1)!
    if (answer === 'closes') master.listener?.closed('closed by the peer')
    else if (answer === 'of another epoch') master.send(PacketType.leaderInfo, z30, leaderInfo)
    else
      while (!master.isClosed) {
        leader.send(PacketType.ping, z11)
        fixture.advance(100)
      }
    assert.equal(fixture.isOver, false)
  }
  assert.deepEqual(new Set(fixture.dialled), new Set(['master 1', 'master 2']))
})

test('an observer leaves a master whose epoch is behind what it has accepted', () => {
  const disk = { currentEpoch: 2, acceptedEpoch: 3, log: [txnOf(z11)] }
  const fixture = new RoleFixture({ disk, options: { ...options, serverId: 4 } })
  const master = fixture.learn(true)
  master.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  fixture.advance(10)
  assert.ok(master.isClosed)
  assert.equal(fixture.end, undefined)
  assert.deepEqual(fixture.dialled, ['master 1', 'master 2'])
})

test('the leader itself may be of such an epoch: an accepted epoch binds votes, and an observer has none', () => {
  const disk = { currentEpoch: 2, acceptedEpoch: 3, log: [txnOf(z11)] }
  const fixture = new RoleFixture({ voters: [3], disk, options: { ...options, serverId: 4 } })
  const leader = fixture.learn(true)
  leader.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  fixture.endTurn()
  assert.deepEqual(fixture.dialled, ['leader 3'])
  assert.match(leader.packets[1], /^ACKEPOCH/)
})

test('a follower that is in step with its leader no more sends its observers away', () => {
  const { fixture, leader } = followerInStep()
  const observer = observerInStep(fixture)
  leader.listener?.closed('broken')
  assert.equal(fixture.end?.code, 'LEADER_LOST')
  assert.ok(observer.isClosed)
})

test('a silent observer is dismissed after syncLimit', () => {
  const { fixture, leader } = followerInStep()
  const observer = observerInStep(fixture)
  for (let count = 0; count < 11; count++) {
    leader.send(PacketType.ping, z30)
    fixture.advance(100)
  }
  assert.equal(observer.isClosed, true)
  assert.ok(fixture.reports.includes('LEARNER_LEFT'))
  assert.equal(fixture.end, undefined)
})
