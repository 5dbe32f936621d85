import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authPacket,
  createRequest,
  ErrorCode,
  multiRequest,
  openAcl,
  OpCode,
  Perms,
  utf8Encode,
} from '@quorate/protocol'
import { TestReplica } from './replica-fixture.ts'

const creators = [{ perms: Perms.all, id: { scheme: 'auth', id: '' } }]

test('an identity counts for a write sent behind it, while an earlier write is under way', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const first = client.send(OpCode.create, createRequest, {
    path: '/a',
    data: null,
    acl: openAcl,
    flags: 0,
  })
  const auth = client.send(OpCode.auth, authPacket, {
    type: 0,
    scheme: 'digest',
    auth: utf8Encode('bob:secret'),
  })
  const second = client.send(OpCode.create, createRequest, {
    path: '/b',
    data: null,
    acl: creators,
    flags: 0,
  })
  assert.deepEqual(client.takeReplies(), [], 'the answers wait for their turn')
  world.completeSync()
  world.completeSync()
  assert.deepEqual(
    client.takeReplies().map(({ xid, err }) => [xid, err]),
    [
      [first, ErrorCode.Ok],
      [auth, ErrorCode.Ok],
      [second, ErrorCode.Ok],
    ],
  )
})

test('behind a refused auth packet nothing is taken', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  client.send(OpCode.create, createRequest, { path: '/a', data: null, acl: openAcl, flags: 0 })
  client.send(OpCode.auth, authPacket, { type: 0, scheme: 'nonsense', auth: null })
  client.send(OpCode.create, createRequest, { path: '/b', data: null, acl: openAcl, flags: 0 })
  world.completeSync()
  assert.deepEqual(
    client.takeReplies().map(({ err }) => err),
    [ErrorCode.Ok, ErrorCode.AuthFailed],
  )
  assert.equal(client.isClosed, true)
  assert.equal(world.tree.nodes.find(utf8Encode('/b'), 0, 2), -1)
})

test('a failed multi that went through many ACLs of one node is taken back', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  const ops = Array.from({ length: 40 }, (_, i) => [
    {
      type: 1 as const,
      path: '/a',
      data: null,
      acl: [{ perms: 31, id: { scheme: 'digest', id: `u${i}:x` } }],
      flags: 0,
    },
    { type: 2 as const, path: '/a', version: -1 },
  ]).flat()
  const failing = [...ops, { type: 13 as const, path: '/missing', version: 0 }]
  assert.equal(client.ask(OpCode.multi, multiRequest, failing).err, ErrorCode.Ok)
  assert.equal(client.ask(OpCode.multi, multiRequest, ops).err, ErrorCode.Ok)
  const created = client.ask(OpCode.create, createRequest, {
    path: '/a',
    data: null,
    acl: openAcl,
    flags: 0,
  })
  assert.equal(created.err, ErrorCode.Ok)
})
