/** request_throttle_max_requests: who has requests under way waits while there are that many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectRequest,
  createRequest,
  encode,
  ErrorCode,
  JuteWriter,
  OpCode,
  pathWatchRequest,
  type SessionId,
  sessionPassword,
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

function createFrame(client: TestClient, path: string): Uint8Array {
  return client.frame(OpCode.create, createRequest, { path, ...createDefaults })
}

function readFrame(client: TestClient, path: string): Uint8Array {
  return client.frame(OpCode.exists, pathWatchRequest, { path, watch: false })
}

function createFrames(client: TestClient, prefix: string, count: number): Uint8Array {
  return joined(...Array.from({ length: count }, (_, i) => createFrame(client, `${prefix}${i}`)))
}

function xids(client: TestClient): number[] {
  return client.takeReplies().map(({ xid }) => xid)
}

/** Ends syncs until nothing is under way; returns how many it took. */
function completeSyncs(world: TestReplica): number {
  for (let count = 0; ; count++) {
    if (world.replica.view().outstandingCount === 0) return count
    world.completeSync()
  }
}

test('of one packet no more requests are taken than may be under way', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 3 })
  const client = world.connectedClient()
  const txnsBefore = world.txns.length
  world.isDiskImmediate = false
  client.sendRaw(createFrames(client, '/n', 10))
  assert.equal(world.txns.length - txnsBefore, 3)
  assert.equal(world.replica.view().outstandingCount, 3)
  assert.equal(client.isPaused, true)
  completeSyncs(world)
  assert.deepEqual(xids(client), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'all are answered, in order')
  assert.equal(client.isPaused, false)
  assert.equal(world.replica.counters()['request_throttle_wait_count'], 3)
})

test('requests that wait behind a write count as well', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 3 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const reads = Array.from({ length: 6 }, () => readFrame(client, '/a'))
  client.sendRaw(joined(createFrame(client, '/a'), ...reads))
  assert.equal(world.replica.view().outstandingCount, 3)
  completeSyncs(world)
  assert.equal(xids(client).length, 7)
})

test('who has nothing under way is read, whatever the others do', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 2 })
  const [busy, reader, writer] = [
    world.connectedClient(),
    world.connectedClient(),
    world.connectedClient(),
  ]
  world.isDiskImmediate = false
  busy.sendRaw(createFrames(busy, '/n', 5))
  assert.equal(exists(reader, '/').err, ErrorCode.Ok)
  assert.equal(reader.isPaused, false)
  writer.sendRaw(createFrame(writer, '/w'))
  assert.equal(writer.isPaused, true, 'its first write is taken, the next one would wait')
  completeSyncs(world)
  assert.equal(xids(busy).length, 5)
  assert.equal(xids(writer).length, 1)
  assert.deepEqual([busy.isPaused, writer.isPaused], [false, false])
})

test('connections that wait take turns', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 1 })
  const clients = [world.connectedClient(), world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  clients.forEach((client, i) => client.sendRaw(createFrames(client, `/c${i}-`, 4)))
  let turnCount = 0
  for (; world.replica.view().outstandingCount > 0; turnCount++) {
    world.completeSync()
    const answered = clients.map((client) => client.connection.writesAnswered)
    assert.ok(
      Math.max(...answered) - Math.min(...answered) <= 1,
      `after ${turnCount} syncs the clients have ${answered.join(', ')} answers`,
    )
  }
  assert.deepEqual(
    clients.map((client) => xids(client)),
    Array.from({ length: 3 }, () => [1, 2, 3, 4]),
  )
})

test('a connection that ends while it waits takes its waiting requests along', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 2 })
  const [gone, other] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  gone.sendRaw(createFrames(gone, '/gone', 10))
  gone.close()
  world.endTurn()
  completeSyncs(world)
  world.completeSync()
  world.isDiskImmediate = true
  assert.equal(exists(other, '/gone1').err, ErrorCode.Ok)
  assert.equal(exists(other, '/gone2').err, ErrorCode.NoNode)
  assert.equal(create(other, '/more').err, ErrorCode.Ok)
  assert.equal(other.isPaused, false)
})

test('globalOutstandingLimit still counts where it is the lower one', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 100, globalOutstandingLimit: 2 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  client.sendRaw(createFrames(client, '/n', 5))
  assert.equal(world.replica.view().outstandingCount, 3)
  completeSyncs(world)
  assert.equal(xids(client).length, 5)
})

test('a client that may have no session now is closed without an answer', () => {
  const attempts: string[] = []
  let isAdmitted = true
  const world = new TestReplica({
    admitSession: (attempt) => {
      attempts.push(attempt)
      return isAdmitted
    },
  })
  const session = world.client().connect()
  assert.notEqual(session.sessionId, 0n)
  isAdmitted = false
  for (const sessionId of [0n as SessionId, session.sessionId]) {
    const refused = world.client()
    const body = encode(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: 10_000,
      sessionId,
      passwd: session.passwd,
      readOnly: false,
    })
    const writer = new JuteWriter()
    writer.writeBuffer(body)
    refused.sendRaw(writer.copy())
    assert.deepEqual(refused.takeFrames(), [])
    assert.equal(refused.isClosed, true)
  }
  isAdmitted = true
  const { sessionId } = session
  const passwd = sessionPassword(sessionId)
  assert.equal(world.client().connect({ sessionId, passwd }).sessionId, sessionId)
  assert.deepEqual(attempts, ['create', 'create', 'reattach', 'reattach'])
})

test('a session does not expire because the server does not read its pings', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 1 })
  const client = world.client()
  client.connect({ timeOut: 4_000 })
  world.isDiskImmediate = false
  client.sendRaw(createFrame(client, '/slow'))
  assert.equal(client.isPaused, true)
  for (let i = 0; i < 5; i++) world.advance(3_000)
  assert.equal(world.replica.view().sessionCount, 1)
  world.completeSync()
  assert.deepEqual([client.isPaused, client.isClosed], [false, false])
  world.isDiskImmediate = true
  world.advance(3_999)
  assert.equal(client.isClosed, false, 'it has its full time from when it is read again')
  world.advance(2_001)
  assert.equal(client.isClosed, true)
})

test('who waits goes on as soon as another connection takes its requests along', () => {
  const world = new TestReplica({ globalOutstandingLimit: 5 })
  const [gone, other] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  const reads = Array.from({ length: 10 }, () => readFrame(gone, '/'))
  gone.sendRaw(joined(createFrame(gone, '/gone'), ...reads))
  other.sendRaw(createFrame(other, '/other'))
  assert.equal(other.isPaused, true)
  gone.close()
  world.endTurn()
  assert.equal(other.isPaused, false, 'without waiting for the disk')
})

test('what waits on a connection that is closing does not count', () => {
  const world = new TestReplica({ globalOutstandingLimit: 5 })
  const [closing, other] = [world.connectedClient(), world.connectedClient()]
  // Its peer takes nothing, so its end does not come.
  closing.close = () => undefined
  world.isDiskImmediate = false
  const reads = Array.from({ length: 10 }, () => readFrame(closing, '/'))
  closing.sendRaw(joined(closing.frame(OpCode.closeSession, noRecord, {}), ...reads))
  other.sendRaw(createFrame(other, '/other'))
  assert.equal(other.isPaused, true)
  world.completeSync()
  assert.equal(other.isPaused, false)
})

test('a long burst that is let in one by one does not go deep into the stack', () => {
  const world = new TestReplica({ requestThrottleMaxRequests: 1 })
  const client = world.connectedClient()
  client.sendRaw(createFrames(client, '/n', 5_000))
  assert.deepEqual(
    xids(client),
    Array.from({ length: 5_000 }, (_, i) => i + 1),
  )
})
