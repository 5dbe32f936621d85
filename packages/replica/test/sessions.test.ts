import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectRequest,
  connectResponse,
  decode,
  encode,
  ErrorCode,
  OpCode,
  type SessionId,
  sessionPassword,
  stat,
} from '@quorate/protocol'
import {
  create,
  exists,
  joined,
  noRecord,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const request = {
  protocolVersion: 0,
  lastZxidSeen: 0,
  timeOut: 10_000,
  sessionId: 0n as SessionId,
  passwd: new Uint8Array(16),
  readOnly: undefined as boolean | undefined,
}

function firstFrame(
  client: TestClient,
  more: Partial<typeof request> = {},
): Uint8Array | undefined {
  client.sendFrame(encode(connectRequest, { ...request, ...more }))
  return client.takeFrames()[0]
}

test('the answer has the readOnly byte exactly when the request had it', () => {
  const world = new TestReplica()
  assert.equal(firstFrame(world.client())!.length, 36)
  for (const readOnly of [false, true]) {
    const response = firstFrame(world.client(), { readOnly })!
    assert.equal(response.length, 37)
    assert.equal(decode(connectResponse, response).readOnly, false)
  }
  const refused = firstFrame(world.client(), { sessionId: 77n as SessionId })!
  assert.deepEqual(decode(connectResponse, refused), {
    protocolVersion: 0,
    timeOut: 0,
    sessionId: 0n,
    passwd: new Uint8Array(16),
    readOnly: undefined,
  })
})

test('the session’s time is clamped, and its password derived', () => {
  const world = new TestReplica()
  for (const [timeOut, granted] of [
    [0, 4_000],
    [-5, 4_000],
    [4_001, 4_001],
    [99_999, 40_000],
  ] as const) {
    const answer = world.client().connect({ timeOut })
    assert.equal(answer.timeOut, granted)
    assert.deepEqual(answer.passwd, sessionPassword(answer.sessionId))
    assert.equal(answer.sessionId >> 56n, 1n, 'the server’s id')
  }
})

test('a new session takes any password', () => {
  const world = new TestReplica()
  for (const passwd of [null, new Uint8Array(0), new Uint8Array(99)])
    assert.notEqual(
      decode(connectResponse, firstFrame(world.client(), { passwd: passwd! })!).timeOut,
      0,
    )
})

test('a client that has seen more than this server is sent away without an answer', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a')
  const { lastZxid } = world.replica
  const late = world.client()
  assert.equal(firstFrame(late, { lastZxidSeen: lastZxid + 1 }), undefined)
  assert.equal(late.isClosed, true)
  const equal = world.client()
  assert.notEqual(firstFrame(equal, { lastZxidSeen: lastZxid }), undefined)
  assert.equal(equal.isClosed, false)
})

test('a session that comes back gets the newly asked time', () => {
  const world = new TestReplica()
  const first = world.client()
  const { sessionId, passwd } = first.connect({ timeOut: 30_000 })
  const second = world.client()
  assert.equal(second.connect({ sessionId, passwd: passwd!, timeOut: 5_000 }).timeOut, 5_000)
  assert.equal(first.isClosed, true)
  const before = world.txns.length
  world.advance(5_000)
  assert.equal(second.isClosed, false)
  world.advance(2_000)
  assert.equal(second.isClosed, true, 'it expires after 5 s and at most one tick')
  assert.equal(world.txns.length, before + 1)
})

test('requests behind the ConnectRequest in one packet are answered after it', () => {
  const world = new TestReplica()
  const client = world.client()
  const hello = encode(connectRequest, { ...request, readOnly: false })
  const length = Uint8Array.of(0, 0, 0, hello.length)
  const ping = Uint8Array.of(0, 0, 0, 8, 255, 255, 255, 254, 0, 0, 0, 11)
  client.sendRaw(joined(length, hello, ping, ping, ping.subarray(0, 5)))
  const frames = client.takeFrames()
  assert.deepEqual(
    frames.map((frame) => frame.length),
    [37, 16, 16],
  )
  assert.equal(client.isPaused, false)
  client.sendRaw(ping.subarray(5))
  assert.deepEqual(
    client.takeFrames().map((frame) => frame.length),
    [16],
  )
})

test('the answer to a new session waits for the disk, and nothing is read meanwhile', () => {
  const world = new TestReplica()
  world.isDiskImmediate = false
  const client = world.client()
  assert.equal(firstFrame(client), undefined)
  assert.equal(client.isPaused, true)
  world.completeSync()
  assert.equal(client.takeFrames().length, 1)
  assert.equal(client.isPaused, false)
})

test('a client that is gone before its session exists leaves one that expires', () => {
  const world = new TestReplica()
  world.isDiskImmediate = false
  const client = world.client()
  firstFrame(client)
  client.close()
  world.endTurn()
  world.completeSync()
  world.isDiskImmediate = true
  assert.equal(world.replica.view().sessionCount, 1)
  world.advance(12_001)
  assert.equal(world.replica.view().sessionCount, 0)
  assert.equal(world.tree.timeoutMsBySession.size, 0)
})

test('any request keeps a session alive, silence ends it between its time and a tick more', () => {
  const world = new TestReplica()
  const [quiet, lively] = [world.client(), world.client()]
  for (const client of [quiet, lively]) client.connect({ timeOut: 4_000 })
  for (let i = 0; i < 3; i++) {
    world.advance(1_300)
    lively.sendFrame(Uint8Array.of(255, 255, 255, 254, 0, 0, 0, 11))
  }
  assert.equal(quiet.isClosed, false, '3.9 s: not yet')
  world.advance(2_101)
  assert.equal(quiet.isClosed, true, '6 s: its time and one tick are over')
  assert.equal(lively.isClosed, false)
})

test('sessions of a loaded tree have their full time, owners of ephemerals without one lose these', () => {
  const before = new TestReplica()
  const client = before.client()
  const { sessionId, passwd } = client.connect()
  create(client, '/mine', { flags: 1 })
  const after = new TestReplica({}, before.tree)
  const again = after.client()
  assert.equal(again.connect({ sessionId, passwd: passwd! }).sessionId, sessionId)
  const found = decode(stat, exists(again, '/mine').body)
  assert.equal(found.ephemeralOwner, sessionId)

  ;(before.tree.timeoutMsBySession as Map<SessionId, number>).delete(sessionId)
  const third = new TestReplica({}, before.tree)
  third.endTurn()
  assert.equal(exists(third.connectedClient(), '/mine').err, ErrorCode.NoNode)
})

test('ZOOKEEPER-1367: a session of a loaded tree whose client never comes expires with its ephemerals', () => {
  const before = new TestReplica()
  create(before.connectedClient(), '/mine', { flags: 1 })
  const after = new TestReplica({}, before.tree)
  for (let ms = 0; ms < 14_000; ms += 1_000) after.advance(1_000)
  assert.equal(exists(after.connectedClient(), '/mine').err, ErrorCode.NoNode)
  assert.equal(before.tree.ephemeralCount, 0)
})

test('a closed session cannot come back', () => {
  const world = new TestReplica()
  const client = world.client()
  const { sessionId, passwd } = client.connect()
  const reply = client.ask(OpCode.closeSession, noRecord, {})
  assert.deepEqual([reply.err, reply.zxid], [ErrorCode.Ok, world.replica.lastZxid])
  assert.equal(world.client().connect({ sessionId, passwd: passwd! }).timeOut, 0)
})

test('sessions that expire together do so over several turns, between which others are served', () => {
  const world = new TestReplica()
  for (let i = 0; i < 1_200; i++) world.client().connect({ timeOut: 4_000 })
  const before = world.txns.length
  world.nowMs += 6_001
  world.replica.advanceClock(world.nowMs, world.wallMs)
  world.replica.ticked()
  assert.equal(world.txns.length - before, 500, 'of one tick')
  world.endTurn()
  assert.equal(world.txns.length - before, 1_200)
  assert.equal(world.replica.view().sessionCount, 0)
})
