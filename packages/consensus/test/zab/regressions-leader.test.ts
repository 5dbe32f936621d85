/** What went wrong in leaders of Apache ZooKeeper, by the number of the issue, and why it can't here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid, PacketType } from '@quorate/protocol'
import { follow, RoleFixture, txnOf } from './role-fixture.ts'

const [z11, z12, z13, z14, z15] = [1, 2, 3, 4, 5].map((counter) => makeZxid(1, counter))
const z20 = makeZxid(2, 0)
const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }
const packetsFrom = (first: string, packets: readonly string[]): readonly string[] =>
  packets.slice(packets.findIndex((packet) => packet.startsWith(first)))

test('ZOOKEEPER-335, 1081: a leader tells its epoch when it is on its own disk', () => {
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] } })
  const leader = fixture.lead()
  const peer = fixture.connect(leader)
  peer.send(
    PacketType.followerInfo,
    z20 - 2 ** 32,
    new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0]),
  )
  fixture.endTurn()
  assert.deepEqual(peer.packets, [])
  assert.equal(fixture.complete(), 'writes acceptedEpoch 2')
  assert.deepEqual(peer.packets, ['LEADERINFO 2:0'])
})

test('a leader’s own vote counts when currentEpoch is on its disk', () => {
  const fixture = new RoleFixture({ voters: [1], disk: inEpoch1 })
  fixture.lead()
  assert.equal(fixture.complete(), 'writes acceptedEpoch 2')
  assert.equal(fixture.isServing, false)
  assert.equal(fixture.complete(), 'writes currentEpoch 2')
  assert.ok(fixture.isServing)
})

test('ZOOKEEPER-4352: a window that holds a part of the history is not taken for all of it', () => {
  // The oldest transaction in memory was taken for zero after a fresh start, and a learner without anything got a DIFF.
  const disk = { ...inEpoch1, snapshot: [txnOf(z13)], snapshotZxid: z13, log: [txnOf(z14)] }
  const fixture = new RoleFixture({ disk })
  const peer = follow(fixture, fixture.lead(), { id: 2, lastZxid: 0, epoch: 0 })
  assert.deepEqual(packetsFrom('SNAP', peer.packets).slice(0, 2), [
    'SNAP 1:4',
    '(the state: 2 transactions)',
  ])
})

test('ZOOKEEPER-3526: a history that was loaded anew makes the window anew', () => {
  // A read-only server in between left a window whose last transaction was before its first, and a learner was cut off by mistake.
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [z11, z12, z13].map(txnOf) } })
  fixture.window.reset(fixture.history.recent, fixture.history.lastZxid)
  fixture.window.reset([], z13)
  assert.ok(fixture.window.floor <= fixture.window.lastDelivered)
  const peer = follow(fixture, fixture.lead(), { id: 2, lastZxid: z12, epoch: 1 })
  assert.deepEqual(packetsFrom('DIFF', peer.packets).slice(0, 2), [
    'DIFF 1:3',
    `PROPOSAL 1:3 t${z13}`,
  ])
})

test('ZOOKEEPER-2846, 2418, 1413: nothing is sent over a hole in the log', () => {
  // A leader that once got a snapshot has no log before it; it sent what it had, as if that followed the learner's last transaction.
  const disk = {
    ...inEpoch1,
    snapshot: [txnOf(z12)],
    snapshotZxid: z12,
    log: [z13, z14, z15].map(txnOf),
  }
  const fixture = new RoleFixture({ disk, options: { commitLogCount: 1 } })
  fixture.window.reset(fixture.history.log.slice(-1), z15)
  const leader = fixture.lead()
  const behind = follow(fixture, leader, { id: 2, lastZxid: z11, epoch: 1 })
  assert.deepEqual(packetsFrom('SNAP', behind.packets)[0], 'SNAP 1:5')
  const atTheEdge = follow(fixture, leader, { id: 3, lastZxid: z12, epoch: 1 })
  assert.deepEqual(
    atTheEdge.packets.filter((packet) => /^(DIFF|PROPOSAL)/.test(packet)),
    ['DIFF 1:5', ...[z13, z14, z15].map((zxid, i) => `PROPOSAL 1:${i + 3} t${zxid}`)],
  )
})

test('ZOOKEEPER-2959: an observer’s epoch is no vote', () => {
  const fixture = new RoleFixture({ disk: inEpoch1 })
  const leader = fixture.lead()
  const peer = fixture.connect(leader)
  peer.send(PacketType.observerInfo, z20, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0]))
  fixture.endTurn()
  assert.deepEqual(fixture.operations, [])
  assert.deepEqual(peer.packets, [])
})

test('ZOOKEEPER-3531, 3575: a learner that takes nothing holds nobody up', () => {
  // A blocking write to one learner, under a lock, stopped the whole ensemble.
  const fixture = new RoleFixture({
    disk: { ...inEpoch1, log: [z11, z12].map(txnOf) },
    options: { forceSnapshotSync: true },
  })
  const leader = fixture.lead()
  const stuck = fixture.connect(leader)
  stuck.queuedBytes = 10_000_000
  stuck.send(PacketType.followerInfo, 0, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0]))
  fixture.endTurn()
  fixture.completeAll()
  stuck.send(PacketType.ackEpoch, 0, Uint8Array.of(0, 0, 0, 0))
  fixture.endTurn()
  fixture.completeAll()
  const other = follow(fixture, leader, { id: 3, lastZxid: z11, epoch: 1 })
  other.send(PacketType.ack, z20)
  fixture.endTurn()
  assert.ok(fixture.isServing)
  assert.equal(other.packets.at(-1), 'UPTODATE')
  assert.equal(stuck.packets.at(-1), 'SNAP 1:2')
})

test('ZOOKEEPER-4685: behind NEWLEADER comes its ACK, or the connection ends', () => {
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] } })
  const leader = fixture.lead()
  const peer = follow(fixture, leader, { id: 2, lastZxid: z11, epoch: 1 })
  peer.send(PacketType.ping, 0)
  assert.ok(peer.isClosed)
})

test('ZOOKEEPER-4685: an Apache follower that acknowledges proposals before NEWLEADER is kept, and not yet in step', () => {
  // Its log thread overtakes. The connection was closed for it, and under load no follower came in.
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] } })
  const leader = fixture.lead()
  const peer = follow(fixture, leader, { id: 2, lastZxid: z11, epoch: 1 })
  peer.send(PacketType.ack, z11)
  fixture.completeAll()
  fixture.endTurn()
  assert.equal(peer.isClosed, false)
  assert.equal(fixture.isServing, false)
  peer.send(PacketType.ack, z20)
  fixture.endTurn()
  assert.ok(fixture.isServing)
})

test('a learner that comes on another connection is one learner', () => {
  const fixture = new RoleFixture({ voters: [1, 2, 3, 4, 5], disk: inEpoch1 })
  const leader = fixture.lead()
  const two = (): ReturnType<typeof fixture.connect> => {
    const peer = fixture.connect(leader)
    peer.send(PacketType.followerInfo, 0, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0]))
    return peer
  }
  const [first, second] = [two(), two()]
  assert.ok(first.isClosed)
  assert.equal(second.isClosed, false)
  assert.deepEqual(fixture.operations, [])
})

test('a connection that goes before it says whose it is takes no acknowledgement away', () => {
  const fixture = new RoleFixture({
    voters: [0, 1, 2],
    disk: inEpoch1,
    options: { serverId: 0 },
  })
  const leader = fixture.lead()
  const peer = follow(fixture, leader, { id: 2, lastZxid: 0, epoch: 0 })
  fixture.connect(leader).listener?.closed('broken')
  peer.send(PacketType.ack, z20)
  fixture.endTurn()
  assert.ok(fixture.isServing)
})

test('a leader that nobody follows gives up after initLimit', () => {
  const fixture = new RoleFixture()
  fixture.lead()
  fixture.advance(1_999)
  assert.ok(!fixture.isOver)
  fixture.advance(1)
  assert.equal(fixture.end?.code, 'LEADER_WITHOUT_QUORUM')
})

test('a leader that has no epoch yet gives up when a voter of its leaves, if it has waited long enough for that', () => {
  for (const maxTimeToWaitForEpochMs of [-1, 500]) {
    const fixture = new RoleFixture({ disk: inEpoch1, options: { maxTimeToWaitForEpochMs } })
    const leader = fixture.lead()
    fixture.advance(500)
    leader.voterLeft(2)
    assert.equal(fixture.isOver, false)
    fixture.advance(1)
    leader.voterLeft(2)
    assert.equal(fixture.end?.code, maxTimeToWaitForEpochMs < 0 ? undefined : 'VOTER_LEFT')
  }
})

test('a leader that has its epoch is not given up because a voter looks for another', () => {
  const fixture = new RoleFixture({ disk: inEpoch1, options: { maxTimeToWaitForEpochMs: 0 } })
  const leader = fixture.lead()
  follow(fixture, leader, { id: 2, lastZxid: 0, epoch: 1 })
  fixture.advance(100)
  leader.voterLeft(3)
  assert.equal(fixture.isOver, false)
})
