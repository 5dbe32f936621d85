import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverOfLearner, disklessIdOf } from '@quorate/consensus'
import { membershipOf } from '../election/election-membership.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'

/** Three voters, of which the third, who would lead, has no disk. */
function ensemble(world: ZabWorld, started: readonly number[]): readonly ZabServer[] {
  const membership = membershipOf({ voters: [1, 2, 3] })
  const servers = [1, 2, 3].map((id) => world.add(id, membership, { isDiskless: id === 3 }))
  for (const id of started) world.server(id).start()
  return servers
}

test('a voter without a disk observes whom the others elect, under an id that is none of theirs', () => {
  const world = new ZabWorld()
  const servers = ensemble(world, [1, 2, 3])
  world.runUntil(() => servers.every(({ term }) => term !== undefined))
  assert.equal(world.leader!.id, 2)
  assert.equal(world.server(3).term!.role, 'observing')
  const learners = [...world.leader!.engine!.learners()]
  const one = learners.find(({ serverId }) => serverOfLearner(serverId) === 3)
  assert.deepEqual(one, {
    serverId: disklessIdOf(3),
    isObserver: true,
    isFed: true,
    isVoter: false,
  })
  world.leader!.submit('a')
  world.runUntil(() => servers.every(({ delivered }) => delivered.length === 1))
})

test('nobody leads by the vote, the epoch or the acknowledgement of a voter without a disk', () => {
  const world = new ZabWorld()
  const servers = ensemble(world, [1, 3])
  world.run(30_000)
  assert.ok(servers.every(({ term }) => term === undefined))
  world.server(2).start()
  world.runUntil(() => servers.every(({ term }) => term !== undefined))
  const leader = world.leader!
  const other = world.server(leader.id === 1 ? 2 : 1)
  other.isDiskHeld = true
  leader.submit('a')
  world.run(500)
  assert.ok(servers.every(({ delivered }) => delivered.length === 0))
})

test('a voter without a disk that joins an election late makes nobody wait, and finds the leader', () => {
  const world = new ZabWorld()
  const servers = ensemble(world, [1, 2])
  world.runUntil(() => world.leader !== undefined)
  world.server(3).start()
  world.runUntil(() => world.server(3).term !== undefined)
  const { term } = world.leader!
  world.run(20_000)
  assert.equal(world.leader!.term, term)
  // It votes again once its disk is there.
  assert.equal(servers[2].term!.role, 'observing')
})

test('the ids of learners without a disk are those of no server, and tell whose they are', () => {
  for (const id of [0, 1, 3, 255, 1_000_000]) {
    assert.ok(disklessIdOf(id) < -1)
    assert.equal(serverOfLearner(disklessIdOf(id)), id)
    assert.equal(serverOfLearner(id), id)
  }
})
