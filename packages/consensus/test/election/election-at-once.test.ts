/** An election that does not wait for something better when nobody is left who could bring it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { membershipOf } from './election-membership.ts'
import { ElectionWorld, type ElectionWorldOptions } from './election-world.ts'

/** Messages and refusals take 1 ms. */
function worldOf(
  voters: readonly number[],
  options: Partial<ElectionWorldOptions> = {},
): ElectionWorld {
  const membership = membershipOf({ voters })
  return new ElectionWorld({ membership, serverIds: voters, delayMs: () => 1, ...options })
}

function statesOf(world: ElectionWorld, ids: readonly number[]): readonly string[] {
  return ids.map((id) => world.server(id).machine.state)
}

function elect(world: ElectionWorld, ids: readonly number[]): void {
  for (const id of ids) world.start(id)
  world.advance(300)
}

test('when all voters propose the same nobody waits', () => {
  const world = worldOf([1, 2, 3])
  for (const id of [1, 2, 3]) world.start(id)
  world.advance(5)
  assert.deepEqual(statesOf(world, [1, 2, 3]), ['following', 'following', 'leading'])
})

test('a voter whose machine refuses connections is not waited for, one that is silent is', () => {
  for (const isRefusing of [true, false]) {
    const world = worldOf([1, 2, 3], { isRefusing })
    elect(world, [1, 2, 3])
    world.crash(1)
    for (const id of [2, 3]) world.start(id)
    world.advance(199)
    const expected = isRefusing ? ['following', 'leading'] : ['looking', 'looking']
    assert.deepEqual(statesOf(world, [2, 3]), expected)
    world.advance(10)
    assert.deepEqual(statesOf(world, [2, 3]), ['following', 'leading'])
  }
})

test('servers that have just been started wait for those that refuse connections: they may be about to start', () => {
  const world = worldOf([1, 2, 3])
  world.start(1)
  world.start(2)
  world.advance(150)
  assert.deepEqual(statesOf(world, [1, 2]), ['looking', 'looking'])
  world.start(3)
  world.advance(10)
  assert.deepEqual(statesOf(world, [1, 2, 3]), ['following', 'following', 'leading'])
})

test('when the leader is killed the others have another one within a few ms, whoever of them sees it first', () => {
  for (const first of [1, 2]) {
    const world = worldOf([1, 2, 3])
    for (const id of [1, 2, 3]) world.start(id)
    world.advance(300)
    world.crash(3)
    world.start(first)
    world.advance(20)
    world.start(3 - first)
    world.advance(10)
    assert.deepEqual(statesOf(world, [1, 2]), ['following', 'leading'])
  }
})

test('a refusal of an earlier round does not count, nor one of a voter that was heard since', () => {
  for (const isHeard of [false, true]) {
    const world = worldOf([1, 2, 3], { isRefusing: false })
    elect(world, [1, 2, 3])
    world.crash(3)
    const { machine } = world.server(1)
    world.start(1)
    machine.unreachable(3)
    if (isHeard) {
      // What it proposes is of an earlier round, but that it is there is known.
      const vote = { leader: 3, zxid: 0, peerEpoch: 0, electionEpoch: 0 }
      machine.received(3, { ...vote, state: 0, version: 2, config: undefined })
    } else {
      world.start(1)
      world.start(2)
    }
    world.start(2)
    world.advance(100)
    assert.deepEqual(statesOf(world, [1, 2]), ['looking', 'looking'])
    world.advance(300)
    assert.deepEqual(statesOf(world, [1, 2]), ['following', 'leading'])
  }
})

test('who has no vote is not waited for and its refusal is of no account', () => {
  const world = worldOf([1, 2, 3], { isRefusing: false })
  elect(world, [1, 2, 3])
  world.crash(3)
  for (const id of [1, 2]) world.start(id)
  for (const id of [1, 2]) world.server(id).machine.unreachable(9)
  world.advance(100)
  assert.deepEqual(statesOf(world, [1, 2]), ['looking', 'looking'])
})

test('a connection that ends takes no proposal along for good: it is told once more in the round', () => {
  const sent: string[] = []
  const world = worldOf([1, 2, 3], {
    isRefusing: false,
    observer: { sent: (from, to) => sent.push(`${from}>${to}`) },
  })
  for (const id of [1, 2, 3]) world.start(id)
  sent.length = 0
  for (let count = 0; count < 3; count++) world.disconnect(1, 3)
  assert.deepEqual(sent, ['1>3', '3>1'])
})

test('who votes by two memberships waits for the voters of both', () => {
  const world = worldOf([1, 2, 3])
  const proposed = membershipOf({ voters: [1, 2, 3, 4, 5], version: 100 })
  for (const id of [1, 2, 3]) world.server(id).lastSeen = proposed
  for (const id of [4, 5]) world.add(id, proposed)
  for (const id of [4, 5]) world.cut(id, 1)
  for (const id of [4, 5]) world.cut(id, 2)
  for (const id of [4, 5]) world.cut(id, 3)
  for (const id of [1, 2, 3]) world.start(id)
  world.advance(100)
  assert.deepEqual(statesOf(world, [1, 2, 3]), ['looking', 'looking', 'looking'])
  world.advance(300)
  assert.deepEqual(statesOf(world, [1, 2, 3]), ['following', 'following', 'leading'])
})

test('of those that are up all elect the same, whoever is down, without a wait', () => {
  const downs = fc.integer({ min: 3, max: 7 }).chain((count) =>
    fc.tuple(
      fc.constant(count),
      fc.subarray(
        Array.from({ length: count }, (_, i) => i + 1),
        { maxLength: Math.ceil(count / 2) - 1 },
      ),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }),
    ),
  )
  fc.assert(
    fc.property(downs, ([count, down, delays]) => {
      const voters = Array.from({ length: count }, (_, i) => i + 1)
      let at = 0
      const world = worldOf(voters, { delayMs: () => delays[at++ % delays.length] })
      const up = voters.filter((id) => !down.includes(id))
      elect(world, voters)
      for (const id of down) world.crash(id)
      for (const id of up) world.start(id)
      world.advance(100)
      for (const id of up) assert.equal(world.server(id).machine.vote.leader, up.at(-1))
      assert.deepEqual(
        statesOf(world, up),
        up.map((id) => (id === up.at(-1) ? 'leading' : 'following')),
      )
    }),
    { numRuns: 300 },
  )
})
