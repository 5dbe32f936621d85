import assert from 'node:assert/strict'
import { test } from 'node:test'
import { membershipOf } from '../election/election-membership.ts'
import { textOf } from './text-txn.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'

function ensemble(world: ZabWorld, ids: readonly number[]): ZabServer[] {
  const membership = membershipOf({ voters: ids })
  const servers = ids.map((id) => world.add(id, membership))
  for (const server of servers) server.start()
  return servers
}

function textsOf(server: ZabServer): string[] {
  return server.history.applied.map(({ bytes }) => textOf(bytes))
}

test('three servers elect a leader, and all of them deliver what it proposes', () => {
  const world = new ZabWorld()
  const servers = ensemble(world, [1, 2, 3])
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  const { leader } = world
  assert.equal(leader?.id, 3)
  assert.equal(leader.term?.epoch, 1)
  leader.submit('a')
  leader.submit('b')
  world.runUntil(() => servers.every((it) => it.delivered.length === 2))
  for (const server of servers) assert.deepEqual(textsOf(server), ['a', 'b'])
})

test('a leader that crashes is followed by one that has all that was delivered', () => {
  const world = new ZabWorld()
  const servers = ensemble(world, [1, 2, 3])
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  world.leader!.submit('a')
  world.runUntil(() => servers.some((it) => it.delivered.length === 1))
  world.server(3).crash()
  world.runUntil(() => world.leader !== undefined && world.leader.id !== 3)
  assert.equal(world.leader!.term?.epoch, 2)
  assert.deepEqual(textsOf(world.leader!), ['a'])
  world.leader!.submit('b')
  world.server(3).start()
  world.runUntil(() => servers.every((it) => textsOf(it).length === 2))
})

test('one voter leads itself', () => {
  const world = new ZabWorld()
  const [server] = ensemble(world, [1])
  world.runUntil(() => server.term !== undefined)
  server.submit('a')
  world.runUntil(() => server.delivered.length === 1)
})
