import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  decode,
  ErrorCode,
  getDataResponse,
  multiRequest,
  OpCode,
  openAcl,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  reconfigRequest,
  setDataRequest,
  stat,
  utf8Encode,
} from '@quorate/protocol'
import {
  create,
  createDefaults,
  exists,
  noRecord,
  setData,
  takeEvents,
} from '../replica-fixture.ts'
import { TestEnsemble } from './ensemble-fixture.ts'

test('a write through a learner is answered with the stat of its transaction, and is there on every server', () => {
  const world = new TestEnsemble()
  const [leader, follower, observer] = world.servers
  const client = follower.connectedClient()
  assert.equal(create(client, '/a').err, ErrorCode.Ok)
  const reply = setData(client, '/a', 'new')
  assert.equal(decode(stat, reply.body).version, 1)
  assert.equal(decode(stat, reply.body).mzxid, reply.zxid)
  for (const server of [leader, observer])
    assert.equal(exists(server.connectedClient(), '/a').err, ErrorCode.Ok)
})

test('pipelined requests of one session are answered in order, reads behind the writes before them', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient()
  world.isCommitting = false
  const xids = [
    client.send(OpCode.create, createRequest, { path: '/a', ...createDefaults }),
    client.send(OpCode.exists, pathWatchRequest, { path: '/a', watch: false }),
    client.send(OpCode.setData, setDataRequest, { path: '/a', data: null, version: 7 }),
    client.send(OpCode.sync, pathRecord, { path: '/a' }),
    client.send(OpCode.delete, pathVersionRequest, { path: '/a', version: -1 }),
    client.send(OpCode.exists, pathWatchRequest, { path: '/a', watch: false }),
  ]
  assert.deepEqual(client.takeReplies(), [])
  world.isCommitting = true
  world.settle()
  const replies = client.takeReplies()
  assert.deepEqual(
    replies.map(({ xid }) => xid),
    xids,
  )
  const { Ok, BadVersion, NoNode } = ErrorCode
  assert.deepEqual(
    replies.map(({ err }) => err),
    [Ok, Ok, BadVersion, Ok, Ok, NoNode],
  )
})

test('a write waits for the sync before it, which a leader that is not confirmed leaves unanswered', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble()
    const client = world.servers[at].connectedClient()
    world.isConfirming = false
    const synced = client.send(OpCode.sync, pathRecord, { path: '/here' })
    const created = client.send(OpCode.create, createRequest, { path: '/a', ...createDefaults })
    const found = client.send(OpCode.exists, pathWatchRequest, { path: '/a', watch: false })
    assert.deepEqual(client.takeReplies(), [], 'a leader that is not confirmed answers no sync')
    assert.equal(exists(world.servers[2].connectedClient(), '/a').err, ErrorCode.NoNode)
    world.isConfirming = true
    world.settle()
    const replies = client.takeReplies()
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [synced, created, found].map((xid) => [xid, ErrorCode.Ok]),
    )
    assert.equal(decode(pathRecord, replies[0].body).path, '/here')
  }
})

test('a sync through a learner is answered behind everything that was submitted before it', () => {
  const world = new TestEnsemble()
  const writer = world.leading.connectedClient()
  const client = world.servers[1].connectedClient()
  world.isCommitting = false
  writer.send(OpCode.create, createRequest, { path: '/a', ...createDefaults })
  client.send(OpCode.sync, pathRecord, { path: '/' })
  client.send(OpCode.exists, pathWatchRequest, { path: '/a', watch: false })
  assert.deepEqual(client.takeReplies(), [])
  world.isCommitting = true
  world.settle()
  assert.deepEqual(
    client.takeReplies().map(({ err }) => err),
    [ErrorCode.Ok, ErrorCode.Ok],
  )
})

test('a write that a learner cannot read is answered there and forwarded nowhere', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient()
  const before = world.forwarded.length
  for (const type of [OpCode.create, OpCode.multi, OpCode.reconfig, OpCode.sync]) {
    assert.equal(client.ask(type, noRecord, {}).err, ErrorCode.MarshallingError)
  }
  assert.equal(world.forwarded.length, before)
  assert.equal(create(client, '/a').err, ErrorCode.Ok)
})

test('what a learner forwards and the leader cannot read becomes a transaction all the same', () => {
  const world = new TestEnsemble()
  const [leader, follower] = world.servers
  const session = follower.connectedClient().connection.sessionId
  const { lastZxid } = leader.tree
  for (const type of [OpCode.create, OpCode.multi, OpCode.check, OpCode.deleteContainer, 77]) {
    const body = new Uint8Array(2)
    leader.leader!.requestForwarded(follower, { session, cxid: 5, type, body, identities: [] })
  }
  world.settle()
  assert.equal(leader.tree.lastZxid, lastZxid + 5)
})

test('a multi through a learner has the results of all its operations', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient()
  const reply = client.ask(OpCode.multi, multiRequest, [
    { type: OpCode.create, path: '/a', data: null, acl: openAcl, flags: 0 },
    { type: OpCode.setData, path: '/a', data: utf8Encode('b'), version: 0 },
  ])
  assert.equal(reply.err, ErrorCode.Ok)
  assert.equal(exists(client, '/a').err, ErrorCode.Ok)
})

test('watches on a follower tell of changes made elsewhere, before the change is seen', () => {
  const world = new TestEnsemble()
  const watcher = world.servers[1].connectedClient()
  exists(watcher, '/a', true)
  create(world.servers[2].connectedClient(), '/a')
  assert.deepEqual(takeEvents(watcher), ['1 /a'])
})

test('a reconfiguration is planned, then checked for permission, and shows the new membership', () => {
  const world = new TestEnsemble({ reconfigEnabled: true, superDigest: undefined })
  const request = { joiningServers: null, leavingServers: '3', newMembers: null, curConfigId: -1 }
  const ask = (at: number): ReturnType<typeof create> =>
    world.servers[at].connectedClient().ask(OpCode.reconfig, reconfigRequest, request)
  world.plan = () => ErrorCode.NewConfigNoQuorum
  for (const at of [0, 1]) assert.equal(ask(at).err, ErrorCode.NewConfigNoQuorum)
  world.plan = ({ leaving, newVersion }) => `without ${leaving} at ${newVersion}`
  for (const at of [0, 1]) assert.equal(ask(at).err, ErrorCode.NoAuth)
  assert.deepEqual(world.memberships, [])

  const open = new TestEnsemble({ reconfigEnabled: true, skipAcl: true })
  open.plan = world.plan
  for (const at of [0, 1]) {
    const client = open.servers[at].connectedClient()
    const reply = client.ask(OpCode.reconfig, reconfigRequest, request)
    const shown = decode(getDataResponse, reply.body)
    assert.deepEqual(shown.data, utf8Encode(`without 3 at ${reply.zxid}`))
    assert.deepEqual([shown.stat.version, shown.stat.mzxid], [-1, reply.zxid])
  }
  assert.equal(open.memberships.length, 2)
  const off = new TestEnsemble()
  const { err } = off.servers[1].connectedClient().ask(OpCode.reconfig, reconfigRequest, request)
  assert.equal(err, ErrorCode.ReconfigDisabled)
})
