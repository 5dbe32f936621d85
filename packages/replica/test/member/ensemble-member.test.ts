import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TxnLogReader } from '@quorate/log'
import {
  Capability,
  type Codec,
  CreateMode,
  decode,
  ErrorCode,
  getDataResponse,
  juteMaxBufferDefault,
  multiRequest,
  OpCode,
  pathWatchRequest,
  sessionPassword,
} from '@quorate/protocol'
import { create, createDefaults, exists, noRecord } from '../replica-fixture.ts'
import { MemberWorld } from './member-world.ts'

test('members elect a leader, and every one of them serves reads and writes', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  assert.deepEqual(world.machines.map(({ member }) => member.state).toSorted(), [
    'following',
    'following',
    'leading',
  ])
  for (const machine of world.machines) {
    const client = machine.connectedClient()
    assert.equal(create(client, `/of-${machine.serverId}`).err, ErrorCode.Ok)
  }
  world.run(20)
  const { lastZxid, tree } = leader.member
  for (const { member } of world.machines) {
    assert.equal(member.lastZxid, lastZxid)
    assert.deepEqual(member.tree.digest, tree.digest)
  }
})

/** These bytes, whatever they mean. */
function recordOf(bytes: readonly number[]): Codec<undefined> {
  return {
    encode: (writer) => writer.writeBytes(Uint8Array.from(bytes)),
    decode: () => undefined,
  }
}

test('a sync and a linearizable read are answered once a quorum has confirmed the leader, not with the next tick', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const follower = world.machines.find((it) => it !== leader)!
  for (const machine of [leader, follower]) {
    const client = machine.connectedClient({ capabilities: Capability.linearizableReads })
    world.run(1_000)
    for (const [type, body] of [
      [OpCode.sync, [0, 0, 0, 1, 0x2f]],
      [OpCode.linearizableRead, [0, 0, 0, OpCode.exists, 0, 0, 0, 1, 0x2f, 0]],
    ] as const) {
      const before = world.nowMs
      client.send(type, recordOf(body), undefined)
      const [reply] = client.takeReplies()
      assert.equal(reply?.err, ErrorCode.Ok)
      assert.ok(world.nowMs - before < 10, 'a tick has passed')
    }
  }
})

test('every member shows the membership in its node', () => {
  const world = new MemberWorld(3)
  world.establish()
  for (const machine of world.machines) {
    const read = { path: '/zookeeper/config', watch: false }
    const reply = machine.connectedClient().ask(OpCode.getData, pathWatchRequest, read)
    const { data } = decode(getDataResponse, reply.body)
    assert.equal(new TextDecoder().decode(data!), machine.memberships.committed.text)
  }
})

test('when the process of the leader ends, another one serves within a few ms', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  world.run(1_000)
  leader.crash()
  world.run(50)
  const [first, second] = world.machines.filter(({ isUp }) => isUp)
  assert.deepEqual([first.member.state, second.member.state].toSorted(), ['following', 'leading'])
  assert.ok(first.member.isServing && second.member.isServing)
})

test('when the leader is lost the others cut their clients off, elect another, and keep sessions and their nodes', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const follower = world.machines.find((it) => it !== leader)!
  const client = follower.connectedClient({ timeOut: 20_000 })
  assert.equal(create(client, '/mine', { flags: CreateMode.ephemeral }).err, ErrorCode.Ok)
  leader.crash()
  world.runUntil(() => client.isClosed)
  const next = world.establish()
  assert.notEqual(next, leader)
  const { sessionId } = client.connection
  const back = next.connectedClient({ sessionId, passwd: sessionPassword(sessionId) })
  assert.equal(back.connection.sessionId, sessionId)
  assert.equal(exists(back, '/mine').err, ErrorCode.Ok)
  leader.start()
  world.establish()
  assert.equal(exists(leader.connectedClient(), '/mine').err, ErrorCode.Ok)
})

test('a member alone serves nobody, but reads after two seconds if that is wanted', () => {
  for (const isReadOnlyModeEnabled of [false, true]) {
    const world = new MemberWorld(3, { isReadOnlyModeEnabled })
    world.establish()
    const [first, second, third] = world.machines
    assert.equal(create(first.connectedClient(), '/a').err, ErrorCode.Ok)
    second.crash()
    third.crash()
    world.runUntil(() => first.member.state === 'looking')
    assert.throws(() => first.connectedClient(), /nobody serves/)
    world.run(1_900)
    assert.equal(first.member.isServing, false)
    world.run(400)
    assert.equal(first.member.state, isReadOnlyModeEnabled ? 'read-only' : 'looking')
    if (!isReadOnlyModeEnabled) continue
    const client = first.connectedClient({ readOnly: true })
    assert.equal(exists(client, '/a').err, ErrorCode.Ok)
    assert.equal(create(client, '/b').err, ErrorCode.NotReadOnly)
    second.start()
    world.establish()
    assert.ok(client.isClosed, 'a leader was found')
  }
})

test('ZOOKEEPER-4306: a session with more than a megabyte of ephemeral paths ends, for who hears of it, who catches up and who recovers', () => {
  const world = new MemberWorld(3)
  const leader = world.establish()
  const [follower, late] = world.machines.filter((it) => it !== leader)
  const client = follower.connectedClient({ timeOut: 20_000 })
  create(client, '/services')
  const flags = CreateMode.ephemeral
  for (let first = 0; first < 5_000; first += 1_000) {
    const ops = Array.from({ length: 1_000 }, (_, i) => ({
      type: OpCode.create,
      path: `/services/${'long-'.repeat(50)}${first + i}`,
      ...createDefaults,
      flags,
    }))
    assert.equal(client.ask(OpCode.multi, multiRequest, ops).err, ErrorCode.Ok)
  }
  world.run(100)
  late.crash()
  assert.equal(leader.member.tree.ephemeralCount, 5_000)
  assert.equal(client.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
  late.start()
  world.establish()
  world.run(100)
  follower.crash()
  follower.start()
  world.establish()
  world.run(100)
  for (const { member } of world.machines) {
    assert.equal(member.lastZxid, leader.member.lastZxid)
    assert.equal(member.tree.ephemeralCount, 0)
    assert.deepEqual(member.tree.digest, leader.member.tree.digest)
  }
  const reader = new TxnLogReader({
    disk: leader.disk,
    directory: `${leader.logDirectory}/version-2`,
    after: 0,
  })
  let longest = 0
  while (reader.next()) longest = Math.max(longest, reader.end - reader.start)
  assert.ok(longest > 900_000 && longest < juteMaxBufferDefault, 'a server of Apache reads it too')
})

test('members take snapshots, from which and from the log behind they start again', () => {
  const world = new MemberWorld(3, { snapCount: 10 })
  const leader = world.establish()
  const client = leader.connectedClient()
  for (let i = 0; i < 40; i++) assert.equal(create(client, `/n${i}`).err, ErrorCode.Ok)
  for (const machine of world.machines) assert.ok(machine.snapshotCount >= 2)
  for (const machine of world.machines) machine.crash()
  for (const machine of world.machines) machine.start()
  const next = world.establish()
  assert.equal(exists(next.connectedClient(), '/n39').err, ErrorCode.Ok)
})

test('a member that stops has made durable what it logged, and serves nobody', () => {
  const world = new MemberWorld(1)
  const leader = world.establish()
  const client = leader.connectedClient()
  create(client, '/a')
  let isStopped = false
  leader.member.stop(() => (isStopped = true))
  world.run(50)
  assert.ok(isStopped && client.isClosed)
  assert.throws(() => leader.connectedClient(), /nobody serves/)
})
