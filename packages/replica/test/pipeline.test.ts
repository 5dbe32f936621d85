/** What waits for what, and that nothing waits without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  decode,
  ErrorCode,
  getChildrenResponse,
  OpCode,
  pathRecord,
  pathWatchRequest,
  setDataRequest,
  Xid,
} from '@quorate/protocol'
import {
  create,
  createDefaults,
  exists,
  joined,
  noRecord,
  setData,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const data = Uint8Array.of(1)

function sendCreate(client: TestClient, path: string, flags = 0): number {
  return client.send(OpCode.create, createRequest, { path, ...createDefaults, flags })
}

function sendRead(client: TestClient, path: string): number {
  return client.send(OpCode.exists, pathWatchRequest, { path, watch: false })
}

test('writes behind a closeSession in one packet leave no ephemeral without a session', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  client.sendRaw(
    joined(
      client.frame(OpCode.closeSession, noRecord, {}),
      client.frame(OpCode.create, createRequest, { path: '/e', ...createDefaults, flags: 1 }),
    ),
  )
  assert.equal(client.isClosed, true)
  assert.equal(world.tree.ephemeralCount, 0)
  assert.equal(world.tree.ephemeralsBySession.size, 0)
  assert.equal(exists(world.connectedClient(), '/e').err, ErrorCode.NoNode)
})

test('writes of a session that is expiring fail, and its ephemerals go', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  sendCreate(client, '/before', 1)
  client.takeFrames()
  world.isDiskImmediate = false
  world.advance(20_000)
  const late = sendCreate(client, '/late', 1)
  world.completeSync()
  world.isDiskImmediate = true
  world.completeSync()
  assert.equal(client.isClosed, true)
  assert.deepEqual(
    client
      .takeReplies()
      .map(({ xid }) => xid)
      .filter((xid) => xid !== late),
    [],
  )
  const other = world.connectedClient()
  assert.equal(exists(other, '/before').err, ErrorCode.NoNode)
  assert.equal(exists(other, '/late').err, ErrorCode.NoNode)
  assert.equal(world.tree.ephemeralCount, 0)
})

test('answers keep the order of the requests while the disk is slow', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const asked = [
    sendCreate(client, '/a'),
    sendRead(client, '/a'),
    sendCreate(client, '/a/b'),
    client.send(OpCode.getChildren, pathWatchRequest, { path: '/a', watch: false }),
    client.send(OpCode.sync, pathRecord, { path: '/' }),
    client.send(OpCode.setData, noRecord, {}),
    client.send(OpCode.whoAmI, noRecord, {}),
    sendCreate(client, '/a/c'),
    sendRead(client, '/a/c'),
  ]
  assert.deepEqual(client.takeReplies(), [])
  world.completeSync()
  const first = client.takeReplies()
  assert.deepEqual(
    first.map(({ xid }) => xid),
    asked.slice(0, 2),
  )
  assert.equal(first[1].err, ErrorCode.Ok)
  world.completeSync()
  const second = client.takeReplies()
  assert.deepEqual(
    [...first, ...second].map(({ xid }) => xid),
    asked,
  )
  const children = decode(getChildrenResponse, second[1].body).children
  assert.deepEqual(children, ['b'], 'the read is answered before the write behind it is applied')
  assert.equal(second[3].err, ErrorCode.MarshallingError)
})

test('a ping behind a write is answered after it', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const write = sendCreate(client, '/a')
  client.sendFrame(Uint8Array.of(255, 255, 255, 254, 0, 0, 0, OpCode.ping))
  assert.deepEqual(client.takeReplies(), [])
  world.completeSync()
  assert.deepEqual(
    client.takeReplies().map(({ xid }) => xid),
    [write, Xid.ping],
  )
})

test('others’ reads do not wait, and see nothing that is not on disk', () => {
  const world = new TestReplica()
  const [writer, reader] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  sendCreate(writer, '/a')
  assert.equal(exists(reader, '/a').err, ErrorCode.NoNode)
  const sync = reader.send(OpCode.sync, pathRecord, { path: '/a' })
  assert.deepEqual(reader.takeReplies(), [], 'the sync waits for the write of the other')
  world.completeSync()
  const [synced] = reader.takeReplies()
  assert.deepEqual([synced?.xid, decode(pathRecord, synced.body).path], [sync, '/a'])
  assert.equal(exists(reader, '/a').err, ErrorCode.Ok)
})

test('a sync with nothing before it is answered at once, with any path', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  const before = world.txns.length
  const reply = client.ask(OpCode.sync, pathRecord, { path: 'no path at all' })
  assert.equal(decode(pathRecord, reply.body).path, 'no path at all')
  client.sendFrame(Uint8Array.of(0, 0, 0, 99, 0, 0, 0, OpCode.sync, 255, 255, 255, 255))
  const [nullPath] = client.takeReplies()
  assert.deepEqual([nullPath?.err, [...nullPath.body]], [0, [255, 255, 255, 255]])
  assert.equal(world.txns.length, before)
})

test('one sync covers all writes of its time', () => {
  const world = new TestReplica()
  const clients = [world.connectedClient(), world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  clients.forEach((client, i) => sendCreate(client, `/first${i}`))
  world.completeSync()
  assert.deepEqual(
    clients.map((client) => client.takeReplies().length),
    [1, 0, 0],
  )
  world.completeSync()
  assert.deepEqual(
    clients.map((client) => client.takeReplies().length),
    [0, 1, 1],
  )
})

test('a connection with too many writes under way is not read until they are fewer', () => {
  const world = new TestReplica({ globalOutstandingLimit: 5 })
  const [busy, idle] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  for (let i = 0; i < 6; i++) sendCreate(busy, `/n${i}`)
  assert.equal(busy.isPaused, true)
  assert.equal(exists(idle, '/').err, ErrorCode.Ok)
  assert.equal(idle.isPaused, false, 'who has nothing under way may read')
  world.completeSync()
  world.completeSync()
  assert.equal(busy.isPaused, false)
})

test('reads that wait behind a write are bounded as well', () => {
  const world = new TestReplica({ globalOutstandingLimit: 5 })
  const client = world.connectedClient()
  world.isDiskImmediate = false
  sendCreate(client, '/a')
  for (let i = 0; i < 6; i++) sendRead(client, '/a')
  assert.equal(client.isPaused, true)
  world.completeSync()
  assert.equal(client.takeReplies().length, 7)
  assert.equal(client.isPaused, false)
})

test('a peer that does not read its replies is first not read, then cut off', () => {
  const world = new TestReplica({ queuedReplyBytesMax: 1_000, queuedBytesMax: 20_000 })
  const [slow, writer] = [world.connectedClient(), world.connectedClient()]
  create(writer, '/a')
  slow.ask(
    106,
    {
      encode: (out) => {
        out.writeString('/a')
        out.writeInt(0)
      },
      decode: () => ({}),
    },
    {},
  )
  slow.isStuck = true
  for (let i = 0; i < 40 && !slow.isPaused; i++) sendRead(slow, '/')
  assert.equal(slow.isPaused, true)
  assert.equal(slow.isClosed, false)
  assert.ok(slow.queuedBytes < 1_200, `${slow.queuedBytes} bytes are queued`)
  // Events go on, whether it reads or not.
  for (let i = 0; i < 1_000 && !slow.isClosed; i++) setData(writer, '/a', `${i}`)
  assert.equal(slow.isClosed, true)
  assert.ok(slow.queuedBytes < 21_000, `${slow.queuedBytes} bytes are queued`)
  assert.ok(world.reports.some(({ code }) => code === 'PEER_DOES_NOT_READ'))
})

test('a peer that reads again is read again', () => {
  const world = new TestReplica({ queuedReplyBytesMax: 100 })
  const client = world.connectedClient()
  client.isStuck = true
  for (let i = 0; i < 4; i++) sendRead(client, '/')
  assert.equal(client.isPaused, true)
  client.drain()
  assert.equal(client.isPaused, false)
  assert.equal(client.isClosed, false)
})

test('a connection that ends with writes under way takes nobody along', () => {
  const world = new TestReplica({ globalOutstandingLimit: 2 })
  const [gone, other] = [world.connectedClient(), world.connectedClient()]
  world.isDiskImmediate = false
  for (let i = 0; i < 5; i++) sendCreate(gone, `/n${i}`)
  sendRead(gone, '/n4')
  gone.close()
  world.endTurn()
  world.completeSync()
  world.completeSync()
  world.isDiskImmediate = true
  assert.equal(exists(other, '/n4').err, ErrorCode.Ok)
  assert.equal(create(other, '/more').err, ErrorCode.Ok)
  assert.equal(other.isPaused, false)
  const write = { path: '/n4', data, version: 0 }
  assert.equal(other.ask(OpCode.setData, setDataRequest, write).err, ErrorCode.Ok)
})
