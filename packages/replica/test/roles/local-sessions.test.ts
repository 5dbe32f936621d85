import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateMode,
  createRequest,
  ErrorCode,
  multiRequest,
  OpCode,
  openAcl,
  sessionPassword,
} from '@quorate/protocol'
import { create, createDefaults, exists, noRecord, type TestClient } from '../replica-fixture.ts'
import { TestEnsemble } from './ensemble-fixture.ts'

const ephemeral = { flags: CreateMode.ephemeral }
const local = { localSessionsEnabled: true }

test('a local session costs no transaction, writes, and is answered when it closes', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble(local)
    const { tree } = world.leading
    const client = world.servers[at].connectedClient()
    assert.equal(tree.lastZxid, 0)
    assert.equal(create(client, '/a').err, ErrorCode.Ok)
    const { lastZxid } = tree
    assert.equal(client.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
    assert.ok(client.isClosed)
    assert.equal(tree.lastZxid, lastZxid)
  }
})

test('a local session expires on its own server, and is unknown on any other', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble(local)
    const client = world.servers[at].connectedClient({ timeOut: 6_000 })
    const { sessionId } = client.connection
    const passwd = sessionPassword(sessionId)
    assert.equal(world.servers[2].client().connect({ sessionId, passwd }).timeOut, 0)
    const back = world.servers[at].client()
    assert.equal(back.connect({ sessionId, passwd, timeOut: 6_000 }).sessionId, sessionId)
    world.advance(1_000, 9)
    assert.ok(back.isClosed)
    assert.equal(world.servers[at].client().connect({ sessionId, passwd }).timeOut, 0)
  }
})

test('a local session may not own a node', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble(local)
    const client = world.servers[at].connectedClient()
    assert.equal(create(client, '/mine', ephemeral).err, ErrorCode.EphemeralOnLocalSession)
    assert.equal(create(client, '/a').err, ErrorCode.Ok)
  }
})

test('a refusal behind a write shows no older state than the answer to that', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble(local)
    const client = world.servers[at].connectedClient()
    world.isCommitting = false
    client.send(OpCode.create, createRequest, { path: '/a', ...createDefaults })
    client.send(OpCode.create, createRequest, { path: '/mine', ...createDefaults, ...ephemeral })
    world.isCommitting = true
    world.settle()
    const [created, refused] = client.takeReplies()
    assert.deepEqual([created.err, refused.err], [0, ErrorCode.EphemeralOnLocalSession])
    assert.ok(created.zxid > 0 && refused.zxid >= created.zxid)
  }
})

test('a local session that creates an ephemeral, alone or in a multi, is made known to everybody first', () => {
  for (const at of [0, 1]) {
    const world = new TestEnsemble({ ...local, localSessionsUpgradingEnabled: true })
    const client = world.servers[at].connectedClient()
    const other = world.servers[at].connectedClient()
    assert.equal(create(client, '/mine', ephemeral).err, ErrorCode.Ok)
    const operations = [
      { type: OpCode.create, path: '/other', data: null, acl: openAcl, ...ephemeral } as const,
    ]
    assert.equal(other.ask(OpCode.multi, multiRequest, operations).err, ErrorCode.Ok)
    const { sessionId } = client.connection
    assert.deepEqual(
      [...world.servers[2].tree.timeoutMsBySession.keys()],
      [sessionId, other.connection.sessionId],
    )
    const moved = world.servers[2].client()
    moved.connect({ sessionId, passwd: sessionPassword(sessionId) })
    assert.equal(exists(moved, '/mine').err, ErrorCode.Ok)
    assert.equal(moved.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
    assert.equal(exists(other, '/mine').err, ErrorCode.NoNode)
  }
})

function ping(client: TestClient): void {
  client.send(OpCode.ping, noRecord, {})
  assert.equal(client.takeReplies().length, 1)
}

test('an upgraded session is kept alive by its server’s touches', () => {
  const world = new TestEnsemble({ ...local, localSessionsUpgradingEnabled: true })
  const client = world.servers[1].connectedClient({ timeOut: 6_000 })
  create(client, '/mine', ephemeral)
  for (let i = 0; i < 12; i++) {
    ping(client)
    world.ping()
    world.advance(1_000)
  }
  assert.ok(!client.isClosed)
  world.advance(1_000, 9)
  assert.ok(client.isClosed)
})

test('a local session is shown apart from those that transactions tell of, which only the leader lets expire', () => {
  const world = new TestEnsemble(local)
  const ids = [0, 1].map((at) => world.servers[at].connectedClient().connection.sessionId)
  const [ofLeader, ofLearner] = [0, 1].map((at) => world.servers[at].service.sessionsView())
  const shown = (view: typeof ofLeader) => [...(view?.localSessionIdsByExpiryMs?.values() ?? [])]
  assert.deepEqual([shown(ofLeader), shown(ofLearner)], [[[ids[0]]], [[ids[1]]]])
  assert.deepEqual(ofLeader?.sessionIdsByExpiryMs, new Map())
  assert.equal(ofLearner?.sessionIdsByExpiryMs, undefined)
})

test('everybody’s sessions are shown with their timeouts by all', () => {
  const world = new TestEnsemble()
  const { sessionId } = world.servers[1].connectedClient({ timeOut: 6_000 }).connection
  for (const at of [0, 1]) {
    const view = world.servers[at].service.sessionsView()
    assert.deepEqual([...view.timeoutMsBySessionId], [[sessionId, 6_000]])
    assert.equal(view.localSessionIdsByExpiryMs, undefined)
    assert.equal(view.sessionIdsByExpiryMs === undefined, at === 1)
  }
})
