import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addWatchRequest,
  createRequest,
  create2Response,
  decode,
  encode,
  ErrorCode,
  getDataResponse,
  multiRequest,
  multiResponse,
  openAcl,
  OpCode,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  setDataRequest,
  stat,
  utf8Decode,
  utf8Encode,
  watcherEvent,
} from '@quorate/protocol'
import { TestReplica, type TestClient } from './replica-fixture.ts'

function create(client: TestClient, path: string, data = 'x', flags = 0): number {
  return client.ask(OpCode.create, createRequest, {
    path,
    data: utf8Encode(data),
    acl: openAcl,
    flags,
  }).err
}

test('a created node can be read back, with the stat of its transaction', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  const created = client.ask(OpCode.create2, createRequest, {
    path: '/a',
    data: utf8Encode('hi'),
    acl: openAcl,
    flags: 0,
  })
  assert.equal(created.err, ErrorCode.Ok)
  assert.equal(decode(create2Response, created.body).path, '/a')
  const read = client.ask(OpCode.getData, pathWatchRequest, { path: '/a', watch: false })
  const { data, stat: found } = decode(getDataResponse, read.body)
  assert.equal(utf8Decode(data!), 'hi')
  assert.equal(found.czxid, created.zxid)
  assert.equal(found.dataLength, 2)
  assert.deepEqual(found, decode(create2Response, created.body).stat)
})

test('a watch event comes before the reply of the write that fires it', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a')
  client.ask(OpCode.getData, pathWatchRequest, { path: '/a', watch: true })
  const xid = client.send(OpCode.setData, setDataRequest, {
    path: '/a',
    data: utf8Encode('y'),
    version: -1,
  })
  const replies = client.takeReplies()
  assert.deepEqual(
    replies.map((reply) => reply.xid),
    [-1, xid],
  )
  assert.equal(replies[0].zxid, replies[1].zxid)
  assert.deepEqual(decode(watcherEvent, replies[0].body), { type: 3, state: 3, path: '/a' })
})

test('reads behind a write of the same session wait for it, and answers keep their order', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a', 'old')
  world.isDiskImmediate = false
  const write = client.send(OpCode.setData, setDataRequest, {
    path: '/a',
    data: utf8Encode('new'),
    version: -1,
  })
  const read = client.send(OpCode.getData, pathWatchRequest, { path: '/a', watch: false })
  const missing = client.send(OpCode.setData, setDataRequest, {
    path: '/b',
    data: null,
    version: -1,
  })
  assert.deepEqual(client.takeReplies(), [], 'nothing is answered before the sync')
  const other = world.client()
  world.completeSync()
  assert.deepEqual(
    client.takeReplies().map((reply) => reply.xid),
    [write, read],
  )
  world.completeSync()
  assert.deepEqual(
    client.takeReplies().map(({ xid, err }) => [xid, err]),
    [[missing, ErrorCode.NoNode]],
  )
  assert.equal(other.isClosed, false)
})

test('a multi takes effect as a whole, its later operations seeing the earlier', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  const data = utf8Encode('x')
  const done = client.ask(OpCode.multi, multiRequest, [
    { type: 15, path: '/a', data, acl: openAcl, flags: 0 },
    { type: 1, path: '/a/b-', data: null, acl: openAcl, flags: 2 },
    { type: 5, path: '/a', data: utf8Encode('yy'), version: 0 },
    { type: 13, path: '/a', version: 1 },
  ])
  const results = decode(multiResponse, done.body)
  assert.deepEqual(
    results.map((result) => result.type),
    [15, 1, 5, 13],
  )
  assert.deepEqual(
    results[0]?.type === 15 && [results[0].stat.version, results[0].stat.numChildren],
    [0, 0],
  )
  assert.equal(results[1]?.type === 1 && results[1].path, '/a/b-0000000000')
  assert.deepEqual(
    results[2]?.type === 5 && [
      results[2].stat.version,
      results[2].stat.numChildren,
      results[2].stat.dataLength,
    ],
    [1, 1, 2],
  )

  const failed = client.ask(OpCode.multi, multiRequest, [
    { type: 1, path: '/c', data, acl: openAcl, flags: 0 },
    { type: 13, path: '/a', version: 9 },
    { type: 2, path: '/a', version: -1 },
  ])
  assert.equal(failed.err, ErrorCode.Ok)
  assert.deepEqual(decode(multiResponse, failed.body), [
    { type: -1, err: 0 },
    { type: -1, err: ErrorCode.BadVersion },
    { type: -1, err: ErrorCode.RuntimeInconsistency },
  ])
  assert.equal(
    client.ask(OpCode.exists, pathWatchRequest, { path: '/c', watch: false }).err,
    ErrorCode.NoNode,
  )
  assert.equal(create(client, '/c'), ErrorCode.Ok, 'nothing of the failed multi is left in flight')
})

test('a session that is not heard of expires with its ephemerals, in one transaction', () => {
  const world = new TestReplica()
  const owner = world.connectedClient()
  const watcher = world.connectedClient()
  create(owner, '/e1', 'x', 1)
  create(owner, '/e2', 'x', 1)
  assert.equal(create(owner, '/e1/child'), ErrorCode.NoChildrenForEphemerals)
  watcher.ask(OpCode.addWatch, addWatchRequest, { path: '/', mode: 1 })
  const before = world.txns.length
  for (let i = 0; i < 4; i++) {
    world.advance(3_000)
    watcher.ask(OpCode.sync, pathRecord, { path: '/' })
  }
  assert.equal(owner.isClosed, true)
  assert.equal(watcher.isClosed, false)
  assert.equal(world.txns.length, before + 1)
  assert.equal(
    watcher.ask(OpCode.exists, pathWatchRequest, { path: '/e1', watch: false }).err,
    ErrorCode.NoNode,
  )
  assert.ok(world.reports.some(({ code }) => code === 'SESSION_EXPIRED'))
})

test('a session comes back on another connection with its password only', () => {
  const world = new TestReplica()
  const first = world.client()
  const { sessionId, passwd } = first.connect()
  create(first, '/e', 'x', 1)
  const thief = world.client()
  assert.equal(thief.connect({ sessionId, passwd: new Uint8Array(16) }).timeOut, 0)
  assert.equal(thief.isClosed, true)
  assert.equal(first.isClosed, false, 'a wrong password leaves the healthy connection alone')
  const second = world.client()
  assert.equal(second.connect({ sessionId, passwd: passwd! }).sessionId, sessionId)
  assert.equal(first.isClosed, true)
  const found = second.ask(OpCode.exists, pathWatchRequest, { path: '/e', watch: false })
  assert.equal(decode(stat, found.body).ephemeralOwner, sessionId)
})

test('closeSession is answered, deletes the ephemerals and closes the connection', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/e', 'x', 1)
  const reply = client.ask(OpCode.closeSession, { encode() {}, decode: () => ({}) }, {})
  assert.equal(reply.err, ErrorCode.Ok)
  assert.equal(client.isClosed, true)
  assert.equal(world.tree.nodes.find(utf8Encode('/e'), 0, 2), -1)
})

test('ZOOKEEPER-2623: requests that no client may make are refused', () => {
  const world = new TestReplica()
  for (const type of [OpCode.check, OpCode.deleteContainer, OpCode.createSession, 999]) {
    const client = world.connectedClient()
    const reply = client.ask(type, pathVersionRequest, { path: '/zookeeper', version: -1 })
    assert.deepEqual([reply.zxid, reply.err], [-1, ErrorCode.Unimplemented])
    assert.equal(client.isClosed, true)
  }
  assert.equal(encode(pathRecord, { path: '/' }).length, 5)
})
