/** What went wrong in learners of Apache ZooKeeper, by the number of the issue, and why it can't here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JuteError, JuteWriter, makeZxid, PacketType } from '@quorate/protocol'
import { acceptEpoch, RoleFixture, txnOf } from './role-fixture.ts'

const [z11, z12, z13, z14] = [1, 2, 3, 4].map((counter) => makeZxid(1, counter))
const [z20, z21, z22] = [0, 1, 2].map((counter) => makeZxid(2, counter))
const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }

/** A learner that has 1:1, and has accepted epoch 2. */
function learnerOf(
  zxids: readonly number[] = [z11],
  isObserver = false,
): { fixture: RoleFixture; leader: ReturnType<RoleFixture['learn']> } {
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: zxids.map(txnOf) } })
  const leader = fixture.learn(isObserver)
  acceptEpoch(fixture, leader, z20)
  leader.packets.length = 0
  return { fixture, leader }
}

function propose(
  leader: { send(type: number, zxid: number, data: Uint8Array): void },
  zxid: number,
): void {
  leader.send(PacketType.proposal, zxid, txnOf(zxid).bytes)
}

/** A state of these transactions, as the image of a history in memory is. */
function stateOf(zxids: readonly number[]): Uint8Array {
  const writer = new JuteWriter(64)
  writer.writeInt(zxids.length)
  for (const zxid of zxids) {
    writer.writeLong(zxid)
    writer.writeBuffer(txnOf(zxid).bytes)
  }
  writer.writeString('BenWasHere')
  return writer.copy()
}

test('ZOOKEEPER-335, 1081: an epoch is on disk as accepted before the leader hears of it', () => {
  // Two leaders used one epoch, as a follower had forgotten that it had accepted it.
  const fixture = new RoleFixture({ disk: { ...inEpoch1, log: [txnOf(z11)] } })
  const leader = fixture.learn()
  leader.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  fixture.endTurn()
  assert.deepEqual(leader.packets, ['FOLLOWERINFO 1:0 version 0:0'])
  assert.equal(fixture.complete(), 'writes acceptedEpoch 2')
  assert.equal(leader.packets[1], 'ACKEPOCH 1:1 epoch 1')
  fixture.history.crash()
  assert.equal(fixture.history.acceptedEpoch, 2)
})

test('ZOOKEEPER-335: a leader of an epoch before the accepted one is left', () => {
  const fixture = new RoleFixture({ disk: { currentEpoch: 1, acceptedEpoch: 3 } })
  const leader = fixture.learn()
  leader.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  assert.equal(fixture.end?.code, 'EPOCH_STALE')
})

test('an observer that has accepted a later epoch observes all the same, and keeps what it accepted', () => {
  // It was a voter then, or its file has been damaged. Without a vote it breaks no promise, and nobody else will call an election.
  const fixture = new RoleFixture({
    disk: { currentEpoch: 1, acceptedEpoch: 3, log: [txnOf(z11)] },
  })
  const leader = fixture.learn(true)
  leader.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  fixture.endTurn()
  assert.deepEqual(leader.packets, ['OBSERVERINFO 3:0 version 0:0', 'ACKEPOCH 1:1 epoch -1'])
  assert.equal(fixture.end, undefined)
  assert.equal(fixture.history.acceptedEpoch, 3)
})

test('ZOOKEEPER-2307: an epoch counts in memory when it is on disk, not before', () => {
  // The write failed, and memory had the new epoch all the same. Here memory follows the disk, and a disk that fails is the end.
  const fixture = new RoleFixture({ disk: inEpoch1 })
  const leader = fixture.learn()
  leader.send(PacketType.leaderInfo, z20, Uint8Array.of(0, 1, 0, 0))
  assert.equal(fixture.history.acceptedEpoch, 1)
  fixture.complete()
  assert.equal(fixture.history.acceptedEpoch, 2)
})

test('ZOOKEEPER-1551: an observer keeps what it is told between its snapshot and UPTODATE', () => {
  // INFORM was ignored until the observer served, and its state lacked those transactions for ever.
  const { fixture, leader } = learnerOf([z11], true)
  leader.send(PacketType.snap, z12)
  leader.sendRaw(stateOf([z11, z12]))
  fixture.completeAll()
  leader.send(PacketType.inform, z13, txnOf(z13).bytes)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  fixture.completeAll()
  leader.send(PacketType.inform, z21, txnOf(z21).bytes)
  leader.send(PacketType.upToDate, -1)
  fixture.endTurn()
  assert.ok(fixture.isServing)
  assert.deepEqual(
    fixture.history.applied.map(({ zxid }) => zxid),
    [z11, z12, z13, z21],
  )
})

test('ZOOKEEPER-3104: a learner that got a snapshot has the transactions behind it on disk before it acknowledges', () => {
  // NEWLEADER came before the queued transactions, which were not on the follower's disk when it acknowledged.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.snap, z12)
  leader.sendRaw(stateOf([z11, z12]))
  fixture.completeAll()
  propose(leader, z13)
  leader.send(PacketType.commit, z13)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  assert.deepEqual(fixture.completeAll(), ['syncs the log to 1:3', 'writes currentEpoch 2'])
  assert.deepEqual(leader.packets, ['ACK 2:0'])
  fixture.history.crash()
  assert.equal(fixture.history.lastZxid, z13)
})

test('ZOOKEEPER-3023, 3911, 4643, 4646, 4785: history, then currentEpoch, then the ACK of NEWLEADER', () => {
  // The ACK, or the epoch, came before the history was durable. After a crash of all the leader's committed transactions were lost,
  // or a server with a late epoch and a short history had them cut off everywhere.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z13)
  for (const zxid of [z12, z13]) {
    propose(leader, zxid)
    leader.send(PacketType.commit, zxid)
  }
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  assert.equal(fixture.complete(), 'syncs the log to 1:3')
  assert.equal(fixture.history.durableZxid, z13)
  assert.equal(fixture.history.currentEpoch, 1)
  assert.deepEqual(leader.packets, [])
  assert.equal(fixture.complete(), 'writes currentEpoch 2')
  assert.deepEqual(leader.packets, ['ACK 2:0'])
})

test('ZOOKEEPER-4685: no proposal is acknowledged before NEWLEADER is', () => {
  // The log's thread overtook the other one, and the leader closed the connection at an ACK that it did not expect.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z11)
  propose(leader, z21)
  fixture.endTurn()
  fixture.completeAll()
  assert.equal(fixture.history.durableZxid, z21)
  assert.deepEqual(leader.packets, [])
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  fixture.completeAll()
  assert.deepEqual(leader.packets, ['ACK 2:0', 'ACK 2:1'])
})

test('ZOOKEEPER-4394: a COMMIT between the ACK of NEWLEADER and UPTODATE finds its proposal', () => {
  // Its proposal had left the queue: a null pointer, and the synchronisation began anew for ever.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z11)
  propose(leader, z21)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  fixture.completeAll()
  leader.send(PacketType.commit, z21)
  propose(leader, z22)
  leader.send(PacketType.commit, z22)
  leader.send(PacketType.upToDate, -1)
  fixture.endTurn()
  assert.equal(fixture.end, undefined)
  assert.ok(fixture.isServing)
  assert.equal(fixture.history.applied.at(-1)?.zxid, z22)
})

test('ZOOKEEPER-4925: a proposal that leaves out another ends the connection', () => {
  // It was accepted, and the hole was handed on to others by DIFF.
  const gaps: readonly (readonly [number, number])[] = [
    [z11, z13],
    [z12, makeZxid(2, 2)],
    [z12, makeZxid(3, 0)],
  ]
  for (const [last, zxid] of gaps) {
    const { fixture, leader } = learnerOf([last])
    leader.send(PacketType.diff, last)
    propose(leader, zxid)
    assert.equal(fixture.end?.code, 'PROPOSAL_GAP')
    assert.equal(fixture.history.lastZxid, last)
  }
})

test('ZOOKEEPER-4925: what was applied during the synchronisation is in the window that others are served from', () => {
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z13)
  for (const zxid of [z12, z13]) {
    propose(leader, zxid)
    leader.send(PacketType.commit, zxid)
  }
  assert.deepEqual(
    fixture.window.deliveredAfter(z11).map(({ zxid }) => zxid),
    [z12, z13],
  )
})

test('a COMMIT of what was not proposed next ends the connection', () => {
  for (const zxid of [z13, makeZxid(2, 9)]) {
    const { fixture, leader } = learnerOf()
    leader.send(PacketType.diff, z13)
    propose(leader, z12)
    leader.send(PacketType.commit, zxid)
    assert.equal(fixture.end?.code, 'COMMIT_OUT_OF_ORDER')
    assert.deepEqual(
      fixture.history.applied.map((it) => it.zxid),
      [z11],
    )
  }
})

test('ZOOKEEPER-1549: a cut that can’t be made is answered by asking for a snapshot', () => {
  // The snapshot had transactions that were never committed, and no cut of the log could undo them.
  const snapshot = [z11, z12, z13].map(txnOf)
  const fixture = new RoleFixture({ disk: { ...inEpoch1, snapshot, snapshotZxid: z13 } })
  const first = fixture.learn()
  acceptEpoch(fixture, first, z20)
  first.send(PacketType.trunc, z12)
  first.send(PacketType.newLeader, z20)
  fixture.endTurn()
  assert.equal(fixture.complete(), "can't cut the log behind 1:2")
  assert.ok(first.isClosed)
  const second = fixture.peers[1]
  acceptEpoch(fixture, second, z20)
  assert.equal(second.packets.at(-1), 'ACKEPOCH epoch -1')
  second.send(PacketType.snap, z12)
  second.sendRaw(stateOf([z11, z12]))
  fixture.completeAll()
  second.send(PacketType.newLeader, z20)
  fixture.endTurn()
  fixture.completeAll()
  assert.equal(second.packets.at(-1), 'ACK 2:0')
  assert.deepEqual(
    fixture.history.applied.map(({ zxid }) => zxid),
    [z11, z12],
  )
})

test('ZOOKEEPER-3642: a snapshot that breaks off changes nothing', () => {
  // The half of a tree stayed in memory, and the next synchronisation was a DIFF on top of it.
  const { fixture, leader } = learnerOf([z11, z12])
  leader.send(PacketType.snap, z14)
  const state = stateOf([z13, z14])
  leader.sendRaw(state.subarray(0, state.length - 3))
  leader.listener?.closed('broken')
  assert.equal(fixture.end?.code, 'LEADER_LOST')
  assert.deepEqual(fixture.operations, [])
  assert.equal(fixture.history.lastZxid, z12)
  assert.equal(fixture.window.lastZxid, z12)
  assert.deepEqual(
    fixture.history.applied.map(({ zxid }) => zxid),
    [z11, z12],
  )
})

test('ZOOKEEPER-5094: what followed a cut that is interrupted is in memory exactly when it is in the log', () => {
  // Memory had transactions behind the cut that neither log nor snapshot had; the next synchronisation skipped them.
  const { fixture, leader } = learnerOf([z11, z12, z13])
  leader.send(PacketType.trunc, z11)
  propose(leader, z21)
  leader.send(PacketType.commit, z21)
  fixture.endTurn()
  assert.equal(fixture.history.lastZxid, z13)
  assert.equal(fixture.complete(), 'cuts the log behind 1:1')
  leader.listener?.closed('broken')
  assert.equal(fixture.window.lastZxid, fixture.history.lastZxid)
  assert.equal(fixture.history.applied.at(-1)?.zxid, fixture.window.lastDelivered)
  fixture.history.crash()
  assert.equal(fixture.history.lastZxid, z11)
})

test('ZOOKEEPER-5094: a cut that is done after the connection was lost is taken into memory as well', () => {
  const { fixture, leader } = learnerOf([z11, z12, z13])
  leader.send(PacketType.trunc, z11)
  leader.listener?.closed('broken')
  fixture.completeAll()
  assert.equal(fixture.history.lastZxid, z11)
  assert.equal(fixture.window.lastZxid, z11)
  assert.equal(fixture.logSync.durable, z11)
})

test('ZOOKEEPER-1465, 2678: a DIFF is logged, and nothing is written anew', () => {
  // Learners wrote a snapshot at every synchronisation, which took longer than initLimit on large data.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z12)
  propose(leader, z12)
  leader.send(PacketType.commit, z12)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  assert.deepEqual(fixture.completeAll(), ['syncs the log to 1:2', 'writes currentEpoch 2'])
})

test('ZOOKEEPER-2355: a leader that breaks off amid a proposal leaves nothing of it behind', () => {
  // The follower had the session's end in its queue and not in its log, and the ephemeral stayed for ever.
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z11)
  leader.sendRaw(new Uint8Array([0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3]))
  leader.listener?.closed('broken')
  assert.equal(fixture.end?.code, 'LEADER_LOST')
  assert.equal(fixture.history.lastZxid, z11)
  assert.equal(fixture.window.outstandingCount, 0)
})

test('ZOOKEEPER-3575, 4074: a learner goes on and then leaves a leader that takes nothing', () => {
  // Followers waited in a write to a leader that had stopped reading, and noticed nothing any more.
  const { fixture, leader } = learnerOf()
  leader.queuedBytes = 10_000_000
  leader.send(PacketType.diff, z12)
  propose(leader, z12)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  assert.deepEqual(fixture.completeAll(), ['syncs the log to 1:2', 'writes currentEpoch 2'])
  fixture.advance(10_000)
  assert.equal(fixture.end?.code, 'LEADER_SILENT')
})

test('a leader that is silent is left, but not while this server’s own disk works', () => {
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z12)
  propose(leader, z12)
  leader.send(PacketType.newLeader, z20)
  fixture.endTurn()
  fixture.advance(10_000)
  assert.ok(!fixture.isOver)
  fixture.completeAll()
  fixture.advance(10_000)
  assert.equal(fixture.end?.code, 'LEADER_SILENT')
})

test('a committed transaction that can’t be applied ends the server, and is not taken for a broken connection', () => {
  const { fixture, leader } = learnerOf()
  leader.send(PacketType.diff, z11)
  propose(leader, z12)
  fixture.history.apply = () => {
    throw new JuteError('JUTE_UNKNOWN_TYPE', 'a transaction of a later version')
  }
  assert.throws(() => leader.send(PacketType.commit, z12), /1000000\d*2, which is committed/)
})

test('a proposal whose transaction has another zxid than its packet, or is none, is not logged', () => {
  // It would be replayed under the zxid of its header, into another history than the leader's.
  for (const bytes of [txnOf(z14).bytes, txnOf(z13).bytes.subarray(0, 20), new Uint8Array(0)]) {
    for (const type of [PacketType.proposal, PacketType.inform]) {
      const { fixture, leader } = learnerOf([z11, z12], type === PacketType.inform)
      leader.send(PacketType.diff, z12)
      leader.send(type, z13, bytes)
      assert.equal(fixture.end?.code, 'PROPOSAL_MISLABELLED')
      assert.equal(fixture.history.lastZxid, z12)
    }
  }
})
