/** A server alone whose log takes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ErrorCode,
  multiRequest,
  OpCode,
  pathRecord,
  sessionPassword,
  type SessionId,
} from '@quorate/protocol'
import {
  create,
  exists,
  noRecord,
  remove,
  setData,
  type TestClient,
  TestReplica,
} from '../replica-fixture.ts'

const { NotReadOnly } = ErrorCode

/** A server that has a node and a session with an ephemeral, after its disk has become full. */
function fullServer(): { readonly server: TestReplica; readonly sessionId: SessionId } {
  const before = new TestReplica()
  const client = before.connectedClient()
  create(client, '/a')
  create(client, '/ephemeral', { flags: 1 })
  const server = new TestReplica({}, before.tree, { isDiskless: true })
  return { server, sessionId: client.connection.sessionId }
}

function comeBack(server: TestReplica, sessionId: SessionId): TestClient {
  const client = server.client()
  const { sessionId: found } = client.connect({ sessionId, passwd: sessionPassword(sessionId) })
  assert.equal(found, sessionId)
  return client
}

test('a server whose disk is full serves reads to everybody, and refuses writes', () => {
  const { server, sessionId } = fullServer()
  for (const client of [server.connectedClient(), comeBack(server, sessionId)]) {
    assert.equal(exists(client, '/a').err, ErrorCode.Ok)
    assert.equal(create(client, '/b').err, NotReadOnly)
    assert.equal(setData(client, '/a', 'x').err, NotReadOnly)
    assert.equal(remove(client, '/a').err, NotReadOnly)
    assert.equal(client.ask(OpCode.multi, multiRequest, []).err, NotReadOnly)
    assert.equal(exists(client, '/a').err, ErrorCode.Ok)
    assert.equal(exists(client, '/b').err, ErrorCode.NoNode)
  }
  assert.deepEqual(server.txns, [])
})

test('a sync there is answered at once, as nothing changes', () => {
  const { server } = fullServer()
  const client = server.connectedClient()
  assert.equal(client.ask(OpCode.sync, pathRecord, { path: '/a' }).err, ErrorCode.Ok)
})

test('its sessions go on however long it takes, and new ones expire when they are not heard of', () => {
  const { server, sessionId } = fullServer()
  const fresh = server.connectedClient()
  for (let i = 0; i < 60; i++) server.advance(1_000)
  assert.ok(fresh.isClosed)
  assert.equal(exists(comeBack(server, sessionId), '/ephemeral').err, ErrorCode.Ok)
  const stranger = server.client()
  const unknown = 0x77n as SessionId
  const answer = stranger.connect({ sessionId: unknown, passwd: sessionPassword(unknown) })
  assert.deepEqual([answer.sessionId, stranger.isClosed], [0n, true])
})

test('a session that a transaction tells of can not be closed there, and its nodes stay', () => {
  const { server, sessionId } = fullServer()
  const client = comeBack(server, sessionId)
  assert.equal(client.ask(OpCode.closeSession, noRecord, {}).err, NotReadOnly)
  assert.ok(client.isClosed)
  assert.equal(exists(comeBack(server, sessionId), '/ephemeral').err, ErrorCode.Ok)
  const fresh = server.connectedClient()
  assert.equal(fresh.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
  assert.ok(fresh.isClosed)
})
