import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryDisk } from '@quorate/log'
import { CreateMode, ErrorCode, sessionPassword } from '@quorate/protocol'
import { create, exists } from '../replica-fixture.ts'
import { type MemberMachine, MemberWorld } from './member-world.ts'

function startWithoutDisk(machine: MemberMachine): void {
  machine.crash()
  machine.isDiskless = true
  machine.start()
}

function startAgain(machine: MemberMachine): void {
  machine.crash()
  machine.isDiskless = false
  machine.start()
}

function contentsOf(disk: MemoryDisk): readonly unknown[] {
  const folder = '/data/version-2'
  return disk.list(folder).map((name) => [name, disk.contents(`${folder}/${name}`)])
}

test('a voter without a disk serves reads, passes writes on and keeps sessions, and writes nothing', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const machine = world.machines.find((it) => it !== leader)!
  const client = machine.connectedClient({ timeOut: 20_000 })
  assert.equal(create(client, '/mine', { flags: CreateMode.ephemeral }).err, ErrorCode.Ok)
  startWithoutDisk(machine)
  world.establish()
  assert.equal(machine.member.state, 'observing')
  assert.ok(machine.reports.some(({ code }) => code === 'SERVING_WITHOUT_DISK'))
  const before = contentsOf(machine.disk)
  const { sessionId } = client.connection
  const back = machine.connectedClient({ sessionId, passwd: sessionPassword(sessionId) })
  assert.equal(back.connection.sessionId, sessionId)
  assert.equal(exists(back, '/mine').err, ErrorCode.Ok)
  assert.equal(create(back, '/through').err, ErrorCode.Ok)
  assert.equal(exists(leader.connectedClient(), '/through').err, ErrorCode.Ok)
  world.run(30_000)
  assert.equal(exists(machine.connectedClient(), '/through').err, ErrorCode.Ok)
  assert.deepEqual(contentsOf(machine.disk), before)
  startAgain(machine)
  world.establish()
  assert.equal(machine.member.state, 'following')
  assert.equal(exists(machine.connectedClient(), '/through').err, ErrorCode.Ok)
})

test('a voter without a disk is in no quorum: with it alone another one neither commits nor leads', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const [machine, other] = world.machines.filter((it) => it !== leader)
  startWithoutDisk(machine)
  world.establish()
  other.crash()
  world.runUntil(() => leader.member.state === 'looking')
  world.run(10_000)
  assert.equal(leader.member.isServing, false)
  assert.equal(machine.member.isServing, false)
  assert.equal(machine.member.state, 'looking')
  other.start()
  world.establish()
  assert.equal(machine.member.state, 'observing')
})

test('what only a voter without a disk was told of is no obstacle: it takes a whole state over what it had', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const [machine, other] = world.machines.filter((it) => it !== leader)
  const client = leader.connectedClient()
  // Proposed to one of them only, and committed by nobody.
  other.crash()
  machine.crash()
  assert.throws(() => create(client, '/lost'))
  leader.crash()
  other.start()
  machine.start()
  const next = world.establish()
  assert.equal(create(next.connectedClient(), '/kept').err, ErrorCode.Ok)
  leader.isDiskless = true
  leader.start()
  world.establish()
  assert.equal(leader.member.state, 'observing')
  const kinds = leader.reports.map(({ fields }) => fields?.['kind'])
  assert.ok(kinds.includes('SNAP'))
  const reader = leader.connectedClient()
  assert.equal(exists(reader, '/kept').err, ErrorCode.Ok)
  assert.equal(exists(reader, '/lost').err, ErrorCode.NoNode)
})
