import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateMode,
  createRequest,
  ErrorCode,
  OpCode,
  type SessionId,
  sessionPassword,
} from '@quorate/protocol'
import { create, createDefaults, exists, noRecord, type TestClient } from '../replica-fixture.ts'
import { TestEnsemble, type TestServer } from './ensemble-fixture.ts'

const ephemeral = { flags: CreateMode.ephemeral }

function comeBack(server: TestServer, sessionId: SessionId, timeOut = 10_000): TestClient {
  const client = server.client()
  const answer = client.connect({ sessionId, passwd: sessionPassword(sessionId), timeOut })
  assert.equal(answer.sessionId, sessionId)
  return client
}

function ping(client: TestClient): void {
  client.send(OpCode.ping, noRecord, {})
  assert.equal(client.takeReplies().length, 1)
}

test('every server makes ids of its own', () => {
  const world = new TestEnsemble()
  for (const server of world.servers) {
    const { sessionId } = server.client().connect()
    assert.equal(sessionId >> 56n, BigInt(server.serverId))
  }
})

test('a session that moves leaves its old server: a write there closes the connection without a reply', () => {
  for (const [from, to] of [
    [1, 2],
    [0, 1],
    [1, 0],
  ] as const) {
    const world = new TestEnsemble()
    const old = world.servers[from].connectedClient()
    create(old, '/before')
    const now = comeBack(world.servers[to], old.connection.sessionId)
    assert.equal(exists(old, '/before').err, ErrorCode.Ok, 'reads there are still answered')
    old.send(OpCode.create, createRequest, { path: '/late', ...createDefaults })
    assert.deepEqual(old.takeReplies(), [])
    assert.ok(old.isClosed)
    assert.equal(exists(now, '/late').err, ErrorCode.NoNode)
    assert.equal(create(now, '/new').err, ErrorCode.Ok)
  }
})

test('only the server that a session came to last can close it', () => {
  const world = new TestEnsemble()
  const old = world.servers[1].connectedClient()
  const now = comeBack(world.servers[2], old.connection.sessionId)
  create(now, '/mine', ephemeral)
  old.send(OpCode.closeSession, noRecord, {})
  assert.deepEqual([old.takeReplies(), old.isClosed], [[], true])
  assert.equal(exists(now, '/mine').err, ErrorCode.Ok)
  assert.equal(now.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
  assert.ok(now.isClosed)
  assert.equal(exists(world.leading.connectedClient(), '/mine').err, ErrorCode.NoNode)
})

test('a session that nobody knows, or with a wrong password, is refused by a learner', () => {
  const world = new TestEnsemble()
  const id = 0x0123n as SessionId
  const refuse = (sessionId: SessionId, passwd: Uint8Array): void => {
    const client = world.servers[1].client()
    assert.deepEqual(client.connect({ sessionId, passwd }).timeOut, 0)
    assert.ok(client.isClosed)
  }
  refuse(id, sessionPassword(id))
  const healthy = world.servers[1].connectedClient()
  refuse(healthy.connection.sessionId, new Uint8Array(16))
  assert.ok(!healthy.isClosed)
})

test('a leader refuses a session only when a quorum has confirmed that it leads', () => {
  // One that was replaced does not know the sessions of its successor, and told their clients that they were over.
  const world = new TestEnsemble()
  const follower = world.servers[1]
  world.isConfirming = world.isLeaderHeard = false
  world.leading.leader!.revalidationAsked(follower, 0x0123n as SessionId, 10_000)
  world.settle()
  assert.equal(follower.fromLeader.length, 0)
  world.isConfirming = true
  world.settle()
  assert.equal(follower.fromLeader.length, 1)
})

test('a session that comes back on the same learner takes the place of its old connection, with the new time', () => {
  const world = new TestEnsemble()
  const [, follower] = world.servers
  const old = follower.connectedClient()
  const { sessionId } = old.connection
  comeBack(follower, sessionId, 5_000)
  assert.ok(old.isClosed)
  assert.equal(world.ping().get(sessionId), 5_000)
})

test('a write on the old connection is not forwarded while the leader is asked for the session', () => {
  const world = new TestEnsemble()
  const [, follower] = world.servers
  const old = follower.connectedClient()
  const { sessionId } = old.connection
  const askForIt = (): TestClient => {
    const client = follower.client()
    client.sendConnect({ sessionId, passwd: sessionPassword(sessionId) })
    return client
  }
  world.forwarded.length = 0
  world.isLeaderHeard = false
  const first = askForIt()
  old.send(OpCode.create, createRequest, { path: '/late', ...createDefaults })
  const second = askForIt()
  // The answer to the first comes some turns earlier.
  follower.fromLeader.shift()!()
  first.send(OpCode.create, createRequest, { path: '/late', ...createDefaults })
  world.isLeaderHeard = true
  world.settle()
  assert.deepEqual(world.forwarded, [])
  assert.deepEqual([old.isClosed, first.isClosed, second.isClosed], [true, true, false])
  assert.equal(second.connection.session?.id, sessionId)
})

test('a session of a learner lives as long as the learner hears of it, and then expires with its ephemerals', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient({ timeOut: 6_000 })
  create(client, '/mine', ephemeral)
  for (let i = 0; i < 10; i++) {
    ping(client)
    world.ping()
    world.advance(1_000)
  }
  assert.ok(!client.isClosed)
  ping(client)
  assert.equal(world.ping().size, 1)
  assert.equal(world.ping().size, 0, 'each time it is told once')
  world.advance(1_000, 9)
  assert.ok(client.isClosed)
  assert.equal(exists(world.servers[2].connectedClient(), '/mine').err, ErrorCode.NoNode)
})

test('after a pause of the leader sessions that learners may have heard of have their full time', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient({ timeOut: 6_000 })
  world.advance(1_000)
  world.advance(30_000)
  assert.ok(!client.isClosed)
  world.advance(1_000, 9)
  assert.ok(client.isClosed)
})

test('at a failover clients are cut off, come back with their sessions and find their ephemerals', () => {
  const world = new TestEnsemble()
  const [first, second, third] = world.servers
  const client = third.connectedClient()
  const gone = third.connectedClient()
  create(client, '/mine', ephemeral)
  create(gone, '/gone', ephemeral)
  world.advance(1_000, 9)
  world.elect(second)
  assert.ok(client.isClosed && gone.isClosed)
  world.advance(1_000, 5)
  const back = comeBack(first, client.connection.sessionId)
  for (const path of ['/mine', '/gone']) assert.equal(exists(back, path).err, ErrorCode.Ok)
  for (let i = 0; i < 9; i++) {
    ping(back)
    world.ping()
    world.advance(1_000)
  }
  assert.equal(exists(back, '/gone').err, ErrorCode.NoNode, 'its client did not come in time')
  assert.equal(exists(back, '/mine').err, ErrorCode.Ok)
})

test('requests of a session that has expired meanwhile fail', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient({ timeOut: 4_000 })
  world.isCommitting = false
  world.advance(1_000, 8)
  client.send(OpCode.create, createRequest, { path: '/late', ...createDefaults })
  world.isCommitting = true
  world.settle()
  assert.ok(client.isClosed)
  assert.equal(exists(world.leading.connectedClient(), '/late').err, ErrorCode.NoNode)
})

test('who has seen the start of the epoch is served by all servers of the term, who has seen more is not', () => {
  const world = new TestEnsemble()
  for (const server of world.servers) {
    assert.ok(server.client().connect({ lastZxidSeen: 0x1_0000_0000 }).timeOut > 0)
    const ahead = server.client()
    ahead.sendConnect({ lastZxidSeen: 0x1_0000_1000 })
    assert.deepEqual([ahead.takeFrames(), ahead.isClosed], [[], true])
  }
})
