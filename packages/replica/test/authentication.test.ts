import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Acl,
  authPacket,
  decode,
  digestId,
  ErrorCode,
  OpCode,
  pathWatchRequest,
  Perms,
  saslToken,
  utf8Encode,
  whoAmIResponse,
  Xid,
} from '@quorate/protocol'
import {
  authenticate,
  create,
  exists,
  noRecord,
  setData,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const bobs: readonly Acl[] = [
  { perms: Perms.all, id: { scheme: 'digest', id: digestId('bob:secret') } },
]

/** An auth packet as clients send it, with the xid −4. */
function auth(client: TestClient, scheme: string, secret: Uint8Array | null): void {
  const frame = client.frame(OpCode.auth, authPacket, { type: 0, scheme, auth: secret })
  frame.set([255, 255, 255, 252], 4)
  client.sendRaw(frame)
}

function whoAmI(client: TestClient): string[] {
  const { clientInfo } = decode(whoAmIResponse, client.ask(OpCode.whoAmI, noRecord, {}).body)
  return clientInfo.map(({ authScheme, user }) => `${authScheme} ${user}`).toSorted()
}

test('identities add up: the address first, users without their passwords', () => {
  const world = new TestReplica()
  const client = world.client('10.1.2.3')
  client.connect()
  assert.deepEqual(whoAmI(client), ['ip 10.1.2.3'])
  for (let i = 0; i < 2; i++) auth(client, 'digest', utf8Encode('bob:secret'))
  auth(client, 'digest', utf8Encode('amy:x'))
  auth(client, 'digest', utf8Encode('nocolon'))
  auth(client, 'ip', null)
  const replies = client.takeReplies()
  assert.deepEqual(
    replies.map(({ xid, zxid, err, body }) => [xid, zxid, err, body.length]),
    Array.from({ length: 5 }, () => [Xid.auth, 0, 0, 0]),
  )
  assert.deepEqual(whoAmI(client), ['digest amy', 'digest bob', 'digest nocolon', 'ip 10.1.2.3'])
})

test('what is not accepted is told and ends the connection', () => {
  for (const [scheme, secret, options] of [
    ['kerberos', utf8Encode('x'), {}],
    ['world', utf8Encode('anyone'), {}],
    ['super', utf8Encode(''), {}],
    ['digest', null, {}],
    ['digest', utf8Encode('bob:secret'), { isDigestAuthEnabled: false }],
  ] as const) {
    const client = new TestReplica(options).connectedClient()
    auth(client, scheme, secret)
    assert.deepEqual(
      client.takeReplies().map(({ xid, err }) => [xid, err]),
      [[Xid.auth, ErrorCode.AuthFailed]],
      scheme,
    )
    assert.equal(client.isClosed, true)
  }
})

test('an identity lasts as long as its connection', () => {
  const world = new TestReplica()
  const owner = world.client()
  const { sessionId, passwd } = owner.connect()
  authenticate(owner, 'bob:secret')
  create(owner, '/a', { acl: bobs })
  assert.equal(setData(owner, '/a', 'x').err, ErrorCode.Ok)
  const again = world.client()
  again.connect({ sessionId, passwd: passwd! })
  assert.equal(setData(again, '/a', 'x').err, ErrorCode.NoAuth)
  authenticate(again, 'bob:secret')
  assert.equal(setData(again, '/a', 'x').err, ErrorCode.Ok)
})

test('an identity of a packet counts for the next request in it', () => {
  const world = new TestReplica()
  const owner = world.connectedClient()
  authenticate(owner, 'bob:secret')
  create(owner, '/a', { acl: bobs })
  const other = world.connectedClient()
  world.isDiskImmediate = false
  // A write under way, the packet behind it, and the request that needs it: answered in this order.
  const write = { path: '/a', watch: false }
  other.send(OpCode.create, noRecord, {})
  auth(other, 'digest', utf8Encode('bob:secret'))
  other.send(OpCode.getData, pathWatchRequest, write)
  world.isDiskImmediate = true
  assert.deepEqual(
    other.takeReplies().map(({ err }) => err),
    [ErrorCode.MarshallingError, ErrorCode.Ok, ErrorCode.Ok],
  )
})

test('the super user may do everything; skipAcl lets everyone', () => {
  const superDigest = digestId('super:admin')
  const world = new TestReplica({ superDigest })
  const owner = world.connectedClient()
  authenticate(owner, 'bob:secret')
  create(owner, '/a', { acl: bobs })
  const client = world.connectedClient()
  assert.equal(exists(client, '/a').err, ErrorCode.NoAuth)
  authenticate(client, 'super:wrong')
  assert.equal(exists(client, '/a').err, ErrorCode.NoAuth)
  authenticate(client, 'super:admin')
  assert.equal(exists(client, '/a').err, ErrorCode.Ok)
  assert.equal(setData(client, '/zookeeper/config', '').err, ErrorCode.Ok)

  const lax = new TestReplica({ skipAcl: true })
  const [first, second] = [lax.connectedClient(), lax.connectedClient()]
  authenticate(first, 'bob:secret')
  create(first, '/a', { acl: bobs })
  assert.equal(setData(second, '/a', 'x').err, ErrorCode.Ok)
  assert.equal(exists(second, '/a').err, ErrorCode.Ok)
})

test('addresses are matched as networks', () => {
  const world = new TestReplica()
  const owner = world.connectedClient()
  create(owner, '/a', { acl: [{ perms: Perms.all, id: { scheme: 'ip', id: '10.0.0.0/8' } }] })
  assert.equal(exists(owner, '/a').err, ErrorCode.NoAuth)
  const inside = world.client('10.9.8.7')
  inside.connect()
  assert.equal(exists(inside, '/a').err, ErrorCode.Ok)
})

test('with enforced schemes everything waits for authentication, and who does not wait is sent away', () => {
  const world = new TestReplica({ enforceAuthSchemes: ['digest', 'sasl'] })
  const hasty = world.connectedClient()
  const refused = exists(hasty, '/')
  assert.deepEqual([refused.zxid, refused.err], [0, ErrorCode.SessionClosedRequireSaslAuth])
  assert.equal(hasty.isClosed, true)
  const writer = world.connectedClient()
  const before = world.txns.length
  assert.equal(create(writer, '/a').err, ErrorCode.SessionClosedRequireSaslAuth)
  assert.equal(writer.isClosed, true)
  assert.equal(world.txns.length, before)
  const polite = world.connectedClient()
  assert.equal(authenticate(polite, 'bob:secret'), ErrorCode.Ok)
  assert.equal(create(polite, '/a').err, ErrorCode.Ok)
})

test('without SASL a token is answered with none, and the client goes on', () => {
  const client = new TestReplica().connectedClient()
  const reply = client.ask(OpCode.sasl, saslToken, { token: utf8Encode('hello') })
  assert.deepEqual([reply.zxid, reply.err], [0, ErrorCode.Ok])
  assert.equal(decode(saslToken, reply.body).token, null)
  assert.equal(client.isClosed, false)
})
