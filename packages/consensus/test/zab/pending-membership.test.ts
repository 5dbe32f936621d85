import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMembership } from '@quorate/consensus'
import { ZabWorld } from './zab-world.ts'

function membershipText(...voters: readonly number[]): string {
  return voters.map((id) => `server.${id}=s${id}:2888:3888:participant;2181`).join('\n')
}

test('a learner that comes while a membership is proposed does not put it in force before it is committed', () => {
  let diskDelayMs = 1
  const world = new ZabWorld({ diskDelayMs: () => diskDelayMs })
  const membership = parseMembership(`${membershipText(1, 2, 3)}\nversion=0`)
  const servers = [1, 2, 3, 4, 5].map((id) => world.add(id, membership, { reconfigEnabled: true }))
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  assert.equal(world.leader?.id, 3)
  world.cut(3, 5)
  world.run(150)
  world.heal(3, 5)
  // The disks of all that are in step take long, and 5 comes back meanwhile.
  diskDelayMs = 2_000
  const version = world.server(3).reconfigure({ newMembers: membershipText(3, 4, 5) })
  world.run(4)
  diskDelayMs = 1
  world.runUntil(() => world.server(5).term !== undefined)
  assert.ok(world.server(5).committed.version < version)
  assert.equal(world.server(5).lastSeen.version, version)
  world.runUntil(() => servers.every((it) => it.committed.version === version))
})
