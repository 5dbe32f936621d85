/** How soon a learner gives up a leader that says nothing any more, and a leader itself when nobody answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeLeaderInfo, makeZxid, PacketType, PeerCapability } from '@quorate/protocol'
import { follow, RoleFixture, serveLearner, txnOf } from './role-fixture.ts'

const z11 = makeZxid(1, 1)
const z20 = makeZxid(2, 0)
const tickMs = 200
const syncTicks = 5

/** A follower that serves under a leader with these capabilities. */
function serving(
  capabilities: number | undefined,
  silentLeaderLimit: number,
): { fixture: RoleFixture; leader: ReturnType<RoleFixture['learn']> } {
  const fixture = new RoleFixture({
    disk: { currentEpoch: 1, acceptedEpoch: 1, log: [txnOf(z11)] },
    options: { syncLimit: syncTicks, silentLeaderLimit },
  })
  const leader = fixture.learn()
  const info = encodeLeaderInfo({ protocolVersion: 0x10000, capabilities })
  leader.send(PacketType.leaderInfo, z20, info)
  fixture.endTurn()
  fixture.completeAll()
  serveLearner(fixture, leader, { lastZxid: z11, epochZxid: z20 })
  assert.ok(fixture.isServing)
  return { fixture, leader }
}

/** Ticks after which it has left. */
function ticksUntilLeft(fixture: RoleFixture): number {
  let halfTicks = 0
  for (; !fixture.isOver && halfTicks < 100; halfTicks++) fixture.advance(tickMs / 2)
  assert.equal(fixture.end?.code, 'LEADER_SILENT')
  return halfTicks / 2
}

test('a leader that pings whatever its disk does is given up by the fourth look without a ping', () => {
  const { fixture, leader } = serving(PeerCapability.steadyPings, 2)
  for (let ticks = 0; ticks < 10; ticks++) {
    fixture.advance(1.5 * tickMs)
    leader.send(PacketType.ping, z11)
  }
  assert.equal(fixture.isOver, false)
  assert.equal(ticksUntilLeft(fixture), 2)
})

test('any other leader is given syncLimit, and so is this one where that is asked for', () => {
  for (const [capabilities, limit] of [
    [undefined, 2],
    [PeerCapability.confirmedSync, 2],
    [PeerCapability.steadyPings, 0],
    [PeerCapability.steadyPings, 9],
  ] as const) {
    const { fixture } = serving(capabilities, limit)
    assert.equal(ticksUntilLeft(fixture), syncTicks + 0.5)
  }
})

test('a leader that is cut off from its quorum stops serving with the look that finds syncLimit over', () => {
  const fixture = new RoleFixture({
    disk: { currentEpoch: 1, acceptedEpoch: 1, log: [txnOf(z11)] },
    options: { syncLimit: syncTicks },
  })
  const leader = fixture.lead()
  const peer = follow(fixture, leader, { id: 2, lastZxid: z11, epoch: 1 })
  peer.send(PacketType.ack, z20)
  fixture.endTurn()
  assert.ok(fixture.isServing)
  for (let halfTicks = 0; halfTicks < 4 * syncTicks; halfTicks++) {
    fixture.advance(tickMs / 2)
    peer.send(PacketType.ping, z11)
  }
  assert.equal(fixture.isOver, false)
  // The connection stays open, as where a cable is pulled.
  const cutOffAtMs = fixture.nowMs
  while (!fixture.isOver) fixture.advance(tickMs / 2)
  assert.equal(fixture.end?.code, 'LEADER_WITHOUT_QUORUM')
  assert.ok(fixture.nowMs - cutOffAtMs <= (syncTicks + 1) * tickMs)
})
