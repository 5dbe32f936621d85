/** throttled_op_wait_time: what waited for too long is refused with ThrottledOp and not carried out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authPacket,
  createRequest,
  ErrorCode,
  OpCode,
  pathRecord,
  pathWatchRequest,
  utf8Encode,
  Xid,
} from '@quorate/protocol'
import {
  create,
  createDefaults,
  exists,
  joined,
  noRecord,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const { Ok, ThrottledOp } = ErrorCode

function sendCreate(client: TestClient, path: string): number {
  return client.send(OpCode.create, createRequest, { path, ...createDefaults })
}

function createFrame(client: TestClient, path: string): Uint8Array {
  return client.frame(OpCode.create, createRequest, { path, ...createDefaults })
}

function sendRead(client: TestClient, path: string): number {
  return client.send(OpCode.exists, pathWatchRequest, { path, watch: true })
}

function answers(client: TestClient): [number, number][] {
  return client.takeReplies().map(({ xid, err }) => [xid, err])
}

test('a read that waited behind a write for too long is refused, and leaves no watch', () => {
  const world = new TestReplica({ throttledOpWaitMs: 100 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const [write, early] = [sendCreate(client, '/a'), sendRead(client, '/a')]
  world.advance(1)
  const late = sendRead(client, '/a')
  world.advance(100)
  world.completeSync()
  assert.deepEqual(answers(client), [
    [write, Ok],
    [early, ThrottledOp],
    [late, Ok],
  ])
  assert.equal(world.replica.view().watchCount, 1)
  assert.equal(world.replica.counters()['throttled_ops'], 1)
})

test('pings, authentication and the end of the session are never refused', () => {
  const world = new TestReplica({ throttledOpWaitMs: 100 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const write = sendCreate(client, '/a')
  client.sendFrame(Uint8Array.of(255, 255, 255, 254, 0, 0, 0, OpCode.ping))
  const auth = { type: 0, scheme: 'digest', auth: utf8Encode('user:password') }
  const authentication = client.send(OpCode.auth, authPacket, auth)
  const sync = client.send(OpCode.sync, pathRecord, { path: '/' })
  world.advance(1_000)
  world.completeSync()
  assert.deepEqual(answers(client), [
    [write, Ok],
    [Xid.ping, Ok],
    [authentication, Ok],
    // It was taken when it came: only the answer had to wait.
    [sync, Ok],
  ])
})

test('writes that wait for their turn to be taken count from when they came', () => {
  const world = new TestReplica({ throttledOpWaitMs: 100, requestThrottleMaxRequests: 1 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  client.sendRaw(
    joined(
      createFrame(client, '/a'),
      createFrame(client, '/b'),
      client.frame(OpCode.multi, noRecord, {}),
      client.frame(OpCode.closeSession, noRecord, {}),
    ),
  )
  const txnsBefore = world.txns.length
  world.advance(101)
  world.completeSync()
  assert.equal(world.txns.length - txnsBefore, 1, 'the closeSession alone is logged')
  world.completeSync()
  assert.deepEqual(answers(client), [
    [1, Ok],
    [2, ThrottledOp],
    [3, ThrottledOp],
    [4, Ok],
  ])
  assert.equal(client.isClosed, true)
  world.isDiskImmediate = true
  const other = world.connectedClient()
  assert.equal(exists(other, '/a').err, Ok)
  assert.equal(exists(other, '/b').err, ErrorCode.NoNode)
  assert.equal(create(other, '/b').err, Ok)
})

test('a refused write is answered behind the writes before it', () => {
  const world = new TestReplica({ throttledOpWaitMs: 100, requestThrottleMaxRequests: 2 })
  const [client, other] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  client.sendRaw(joined(createFrame(client, '/a'), createFrame(client, '/b')))
  other.sendRaw(joined(createFrame(other, '/o1'), createFrame(other, '/o2')))
  world.advance(101)
  world.completeSync()
  assert.equal(other.connection.outstandingCount, 2)
  assert.deepEqual(answers(other), [], 'its first write is under way, and the refusal waits for it')
  world.completeSync()
  assert.deepEqual(answers(other), [
    [1, Ok],
    [2, ThrottledOp],
  ])
  assert.deepEqual(answers(client), [
    [1, Ok],
    [2, Ok],
  ])
})

test('without a limit nothing is refused for having waited', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const [write, read] = [sendCreate(client, '/a'), sendRead(client, '/a')]
  world.advance(3_000)
  world.completeSync()
  assert.deepEqual(answers(client), [
    [write, Ok],
    [read, Ok],
  ])
})
