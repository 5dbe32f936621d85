/** How long a learner waits for a leader that does not lead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid } from '@quorate/protocol'
import { acceptEpoch, RoleFixture } from './role-fixture.ts'

const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }

/** A learner whose leader closes each connection after so long, without a word. */
function turnAway(keptMs: number): { fixture: RoleFixture; endedAtMs: number } {
  const fixture = new RoleFixture({ disk: inEpoch1, options: { tickTimeMs: 2_000 } })
  fixture.learn()
  for (let i = 0; !fixture.isOver && i < 100; i++) {
    fixture.advance(keptMs)
    fixture.peers.at(-1)!.listener!.closed('the peer closed the connection')
    // Until it comes again, if it does.
    if (!fixture.isOver) fixture.advance(100)
  }
  return { fixture, endedAtMs: fixture.nowMs }
}

test('a learner that is turned away at once comes again for about a second', () => {
  const { fixture, endedAtMs } = turnAway(0)
  assert.equal(fixture.end?.code, 'LEADER_UNREACHABLE')
  assert.equal(fixture.peers.length, 15)
  assert.ok(endedAtMs >= 1_000 && endedAtMs <= 2_000, `${endedAtMs} ms`)
})

test('a learner that is kept waiting before it is turned away looks for a leader again after five seconds', () => {
  // It came again fifteen times, each kept for five seconds by a server that looked for a leader and needed its vote.
  const { fixture, endedAtMs } = turnAway(5_000)
  assert.equal(fixture.end?.code, 'LEADER_UNREACHABLE')
  assert.equal(endedAtMs, 5_000)
  assert.equal(turnAway(900).fixture.peers.length, 6)
})

test('a learner that waits for its leader looks for one again when the leader does', () => {
  const fixture = new RoleFixture({ disk: inEpoch1 })
  fixture.learn()
  fixture.leaderLeft()
  assert.equal(fixture.end?.code, 'LEADER_LEFT')
})

test('a learner that has an epoch is told by its connection when its leader is gone', () => {
  const fixture = new RoleFixture({ disk: inEpoch1 })
  const leader = fixture.learn()
  acceptEpoch(fixture, leader, makeZxid(2, 0))
  fixture.leaderLeft()
  assert.equal(fixture.isOver, false)
})
