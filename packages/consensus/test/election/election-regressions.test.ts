/** What went wrong in elections of Apache ZooKeeper, by the number of the issue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid, type Notification, noVote, PeerState } from '@quorate/protocol'
import { membershipOf } from './election-membership.ts'
import { ElectionWorld, type ElectionWorldOptions, type WorldObserver } from './election-world.ts'

function worldOf(
  voters: readonly number[],
  more?: Partial<ElectionWorldOptions> & { readonly observer?: WorldObserver },
): ElectionWorld {
  return new ElectionWorld({ membership: membershipOf({ voters }), serverIds: voters, ...more })
}

function deliverAll(world: ElectionWorld): void {
  let count = 0
  while (world.deliver()) assert.ok(++count < 1_000, 'messages come to an end')
}

function elect(world: ElectionWorld, ids: readonly number[]): void {
  for (const id of ids) world.start(id)
  deliverAll(world)
  world.advance(200)
  deliverAll(world)
}

function notificationOf(values: Partial<Notification>): Notification {
  return {
    state: PeerState.looking,
    leader: 1,
    zxid: 0,
    electionEpoch: 1,
    peerEpoch: 0,
    version: 1,
    config: undefined,
    ...values,
  }
}

test('ZOOKEEPER-1514: a server in a far later round joins those who have a leader', () => {
  const world = worldOf([1, 2, 3])
  elect(world, [1, 2])
  for (let round = 0; round < 7; round++) world.start(3)
  deliverAll(world)
  assert.equal(world.server(3).machine.state, 'following')
  assert.deepEqual(world.server(3).machine.vote, { leader: 2, zxid: 0, round: 1, peerEpoch: 0 })
})

test('ZOOKEEPER-1732: a late server and the founders tell the next one of the same epoch', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  elect(world, [1, 2, 3])
  for (const id of [1, 2, 3]) world.server(id).machine.setPeerEpoch(1)
  elect(world, [4])
  assert.equal(world.server(4).machine.vote.peerEpoch, 1)
  world.server(4).machine.setPeerEpoch(1)
  // Two founders go; the leader and the late one are two votes of three that server 5 needs.
  world.crash(1)
  elect(world, [5])
  assert.equal(world.server(5).machine.state, 'following')
  assert.equal(world.server(5).machine.vote.leader, 3)
})

test('ZOOKEEPER-1732: established servers of this round and of others count together', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  world.start(5)
  const { machine } = world.server(5)
  const established = { leader: 3, peerEpoch: 1, version: 2 }
  machine.received(1, notificationOf({ ...established, state: 1, electionEpoch: 1 }))
  machine.received(2, notificationOf({ ...established, state: 1, electionEpoch: 4 }))
  machine.received(3, notificationOf({ ...established, state: 2, electionEpoch: 4 }))
  assert.equal(machine.state, 'following')
})

test('who followed a leader in an earlier round is not counted in the next one', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  world.start(1)
  const { machine } = world.server(1)
  const established = { leader: 3, version: 2 }
  machine.received(2, notificationOf({ ...established, state: 1, peerEpoch: 1 }))
  machine.received(4, notificationOf({ ...established, state: 1, peerEpoch: 2 }))
  machine.received(5, notificationOf({ leader: 5, electionEpoch: 2 }))
  machine.received(3, notificationOf({ ...established, state: 2, electionEpoch: 2, peerEpoch: 9 }))
  assert.equal(machine.state, 'looking')
})

test('ZOOKEEPER-1805: established servers agree though their votes name other zxids and rounds', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  world.start(5)
  const established = { leader: 3, peerEpoch: 2, version: 2 }
  const { machine } = world.server(5)
  machine.received(1, notificationOf({ ...established, state: 1, zxid: 7, electionEpoch: 4 }))
  machine.received(2, notificationOf({ ...established, state: 1, zxid: 9, electionEpoch: 6 }))
  assert.equal(machine.state, 'looking')
  machine.received(3, notificationOf({ ...established, state: 2, zxid: 8, electionEpoch: 5 }))
  assert.equal(machine.state, 'following')
})

test('ZOOKEEPER-1818: an epoch that was updated on some servers only makes no quorum of unequal votes', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  world.start(5)
  world.start(5)
  const { machine } = world.server(5)
  machine.received(3, notificationOf({ state: 2, leader: 3, peerEpoch: 1, version: 2 }))
  machine.received(1, notificationOf({ state: 1, leader: 3, peerEpoch: 1, version: 2 }))
  machine.received(2, notificationOf({ state: 1, leader: 3, peerEpoch: 0, version: 2 }))
  assert.equal(machine.state, 'looking')
  machine.received(2, notificationOf({ state: 1, leader: 3, peerEpoch: 1, version: 2 }))
  assert.equal(machine.state, 'following')
})

test('ZOOKEEPER-3537: that a server led in another round does not confirm the quorum of this one', () => {
  const world = worldOf([1, 2, 3, 4, 5])
  world.start(1)
  const { machine } = world.server(1)
  const leading = { state: 2, leader: 3, version: 2 }
  machine.received(3, notificationOf({ ...leading, electionEpoch: 4, peerEpoch: 9 }))
  // Within a round the leader alone is compared, so these are a quorum of round 1.
  for (const [id, peerEpoch] of [
    [2, 1],
    [4, 2],
    [5, 3],
  ] as const) {
    machine.received(id, notificationOf({ state: 1, leader: 3, peerEpoch, version: 2 }))
  }
  assert.equal(machine.state, 'looking')
  machine.received(3, notificationOf({ ...leading, peerEpoch: 9 }))
  assert.equal(machine.state, 'following')
})

test('ZOOKEEPER-3109: a leader hears of it when a voter of its looks for another leader', () => {
  const left: string[] = []
  const world = worldOf([1, 2, 3], {
    observer: { voterLeft: (id, voterId) => left.push(`${voterId} leaves ${id}`) },
  })
  elect(world, [1, 2, 3])
  assert.deepEqual(left, [])
  world.start(2)
  deliverAll(world)
  assert.deepEqual(left, ['2 leaves 3'])
})

test('who follows hears of it when its leader looks for a leader in a later round', () => {
  // Two servers followed a third that looked for a leader and kept their connections waiting: it could not be elected without them.
  const left: number[] = []
  const world = worldOf([1, 2, 3], { observer: { leaderLeft: (id) => left.push(id) } })
  elect(world, [1, 2, 3])
  const { machine } = world.server(1)
  const { round } = machine.vote
  machine.received(3, notificationOf({ leader: 3, electionEpoch: round }))
  machine.received(2, notificationOf({ leader: 3, electionEpoch: round + 1 }))
  assert.deepEqual(left, [])
  world.start(3)
  deliverAll(world)
  assert.deepEqual(
    left.toSorted((a, b) => a - b),
    [1, 2],
  )
})

test('whose role is over tells nobody of it, and hears what came meanwhile when it looks', () => {
  // A leader that gave way to others said that it led until its disk had the rest of its log; they came to it and waited.
  const world = worldOf([1, 2, 3])
  elect(world, [1, 2, 3])
  const { machine } = world.server(3)
  machine.leave()
  world.start(2)
  deliverAll(world)
  // Server 1 still follows. Without the word of server 3 that is no leader.
  assert.equal(world.server(2).machine.state, 'looking')
  world.start(1)
  deliverAll(world)
  world.advance(200)
  deliverAll(world)
  assert.equal(world.server(2).machine.state, 'leading')
  assert.equal(world.server(1).machine.state, 'following')
  world.start(3)
  deliverAll(world)
  assert.equal(machine.state, 'following')
  assert.equal(machine.vote.leader, 2)
})

test('ZOOKEEPER-261: a server without its data does not help to elect one that lacks them too', () => {
  const world = worldOf([1, 2, 3])
  world.server(1).history = { lastZxid: -1, currentEpoch: 0 }
  world.server(3).history = { lastZxid: makeZxid(1, 8), currentEpoch: 1 }
  elect(world, [1, 2])
  world.advance(10_000)
  deliverAll(world)
  assert.equal(world.server(1).machine.state, 'looking')
  assert.equal(world.server(2).machine.state, 'looking')
  elect(world, [3])
  assert.equal(world.server(3).machine.state, 'leading')
  assert.equal(world.server(2).machine.state, 'following')
})

test('ZOOKEEPER-3769: no notification that is not to be understood changes what a server proposes', () => {
  const world = worldOf([1, 2, 3])
  world.start(1)
  const { machine } = world.server(1)
  const before = machine.vote
  const best = { leader: 3, zxid: makeZxid(9, 9), peerEpoch: 9 }
  machine.received(2, notificationOf({ ...best, state: 4 }))
  machine.received(2, notificationOf({ ...best, state: -1 }))
  machine.received(2, notificationOf({ ...best, leader: 17 }))
  machine.received(2, notificationOf({ ...best, leader: noVote }))
  machine.received(2, notificationOf({ ...best, electionEpoch: 2 ** 53 - 1 }))
  machine.received(2, notificationOf({ ...best, state: PeerState.observing }))
  machine.received(17, notificationOf(best))
  machine.received(1, notificationOf(best))
  assert.deepEqual(machine.vote, before)
  machine.received(2, notificationOf(best))
  assert.equal(machine.vote.leader, 3)
})

test('a voter without others leads at once, and one of two does not', () => {
  const decisions: string[] = []
  const alone = worldOf([7], {
    observer: { decided: (id, state) => decisions.push(`${id} ${state}`) },
  })
  alone.start(7)
  assert.deepEqual(decisions, ['7 leading'])
  const two = worldOf([1, 2])
  two.start(1)
  two.advance(100_000)
  assert.equal(two.server(1).machine.state, 'looking')
})

test('a machine that has stopped answers nobody, and begins anew in round 1', () => {
  const sent: number[] = []
  const world = worldOf([1, 2, 3], { observer: { sent: (_from, to) => sent.push(to) } })
  elect(world, [1, 2, 3])
  const { machine } = world.server(1)
  machine.stop()
  sent.length = 0
  machine.received(2, notificationOf({ leader: 2, electionEpoch: 2 }))
  world.advance(100_000)
  assert.deepEqual(sent, [])
  world.start(1)
  assert.equal(machine.vote.round, 1)
})

test('after a reconfiguration a role is kept, and others are told of its leader', () => {
  const heard: Notification[] = []
  const world = worldOf([1, 2, 3], {
    observer: {
      sent: (from, to, notification) => {
        if (from === 1 && to === 9) heard.push(notification)
      },
    },
  })
  elect(world, [1, 2, 3])
  const { machine } = world.server(1)
  machine.restartConnections()
  assert.equal(machine.state, 'following')
  assert.equal(machine.round, 0)
  machine.received(9, notificationOf({ leader: 9 }))
  assert.equal(heard.length, 1)
  assert.equal(heard[0].leader, 3)
  assert.equal(heard[0].electionEpoch, 0)
})

test('a designated leader answers as one, in the midst of an election and without its timers', () => {
  const heard: string[] = []
  const world = worldOf([1, 2, 3], {
    observer: {
      sent: (from, to, { state, leader }) => heard.push(`${from} ${to} ${state} ${leader}`),
      decided: () => assert.fail('nobody elects'),
      voterLeft: () => assert.fail('nobody had elected it'),
    },
  })
  world.start(1)
  const { machine } = world.server(1)
  machine.received(2, notificationOf({ leader: 1 }))
  machine.designate('leading', { leader: 1, zxid: 5, round: -1, peerEpoch: -1 })
  heard.length = 0
  world.advance(100_000)
  machine.received(2, notificationOf({ leader: 2, electionEpoch: 2 }))
  assert.equal(machine.state, 'leading')
  assert.deepEqual(heard, [`1 2 ${PeerState.leading} 1`])
})

test('two servers that take each other for strangers do not answer each other for ever', () => {
  let count = 0
  const world = worldOf([1, 2, 3], { observer: { sent: () => count++ } })
  world.add(4, membershipOf({ voters: [1, 2, 3, 4] }))
  world.start(1)
  for (let round = 0; round < 5; round++) world.start(4)
  count = 0
  deliverAll(world)
  assert.ok(count < 12, `${count} notifications were sent`)
})

test('with reconfiguration switched off a newer membership is left alone', () => {
  const seen: string[] = []
  const membershipSeen = (_id: number, text: string): number => seen.push(text)
  const newer = membershipOf({ voters: [1, 2], version: 16 }).text
  for (const reconfigEnabled of [false, true]) {
    const world = worldOf([1, 2, 3], { options: { reconfigEnabled }, observer: { membershipSeen } })
    world.start(1)
    const { machine } = world.server(1)
    machine.received(2, notificationOf({ leader: 2, version: 2, config: newer }))
    machine.received(2, notificationOf({ leader: 2, version: 2, config: 'version=0' }))
    machine.received(2, notificationOf({ leader: 2, version: 2, config: 'version=zz' }))
    assert.equal(machine.vote.leader, 2)
  }
  assert.deepEqual(seen, [newer])
})

test('servers that repeat their votes do not silence one that has a better proposal', () => {
  let count = 0
  const world = worldOf([1, 2, 3, 4], {
    observer: { sent: (from) => (count += from === 4 ? 1 : 0) },
  })
  world.start(2)
  world.start(4)
  count = 0
  for (let ms = 0; ms < 1_000; ms += 100) {
    world.server(4).machine.received(2, notificationOf({ leader: 3 }))
    world.server(4).machine.received(3, notificationOf({ leader: 3 }))
    world.deliver(({ from }) => from === 4)
    world.advance(100)
  }
  assert.ok(count >= 6, `server 4 has sent ${count} notifications`)
})
