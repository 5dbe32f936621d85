import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectResponse,
  decode,
  ErrorCode,
  multiRequest,
  OpCode,
  pathRecord,
  pathVersionRequest,
  sessionPassword,
} from '@quorate/protocol'
import { create, exists, noRecord, setData, type TestClient } from '../replica-fixture.ts'
import { TestEnsemble, type TestServer } from './ensemble-fixture.ts'

function isolated(): { readonly server: TestServer; readonly before: TestClient } {
  const world = new TestEnsemble()
  const server = world.servers[2]
  const before = server.connectedClient()
  create(before, '/a')
  world.isolate(server)
  return { server, before }
}

test('a read-only server takes only clients that put up with it, and tells them', () => {
  const { server } = isolated()
  const strict = server.client()
  strict.sendConnect()
  assert.deepEqual([strict.takeFrames(), strict.isClosed], [[], true])
  const client = server.client()
  client.sendConnect({ readOnly: true })
  const [frame] = client.takeFrames()
  const answer = decode(connectResponse, frame)
  assert.equal(answer.readOnly, true)
  assert.ok(answer.timeOut > 0)
})

test('a read-only server answers reads, and refuses what would need a leader', () => {
  const { server } = isolated()
  const client = server.connectedClient({ readOnly: true })
  assert.equal(exists(client, '/a').err, ErrorCode.Ok)
  const { NotReadOnly } = ErrorCode
  assert.equal(create(client, '/b').err, NotReadOnly)
  assert.equal(setData(client, '/a', 'x').err, NotReadOnly)
  assert.equal(client.ask(OpCode.sync, pathRecord, { path: '/' }).err, NotReadOnly)
  assert.equal(client.ask(OpCode.multi, multiRequest, []).err, NotReadOnly)
  const check = { path: '/a', version: -1 }
  assert.equal(client.ask(OpCode.check, pathVersionRequest, check).err, NotReadOnly)
  assert.equal(exists(client, '/a').err, ErrorCode.Ok)
  assert.equal(client.ask(OpCode.closeSession, noRecord, {}).err, ErrorCode.Ok)
  assert.ok(client.isClosed)
})

test('a read-only server keeps sessions of its own, and leaves those of the ensemble alone', () => {
  const { server, before } = isolated()
  const { sessionId } = server.connectedClient({ readOnly: true }).connection
  const back = server.client()
  const passwd = sessionPassword(sessionId)
  assert.equal(back.connect({ sessionId, passwd, readOnly: true }).sessionId, sessionId)
  const known = before.connection.sessionId
  const client = server.client()
  client.sendConnect({ sessionId: known, passwd: sessionPassword(known), readOnly: true })
  assert.deepEqual([client.takeFrames(), client.isClosed], [[], true])
  server.world.advance(2_000, 10)
  assert.ok(back.isClosed, 'not heard of for its time')
})
