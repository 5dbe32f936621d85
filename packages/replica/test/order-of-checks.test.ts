/** Which of several things that are wrong with a request is told: the order is part of the protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Acl,
  addWatchRequest,
  createRequest,
  createTtlRequest,
  decode,
  ErrorCode,
  getAclResponse,
  getAllChildrenNumberResponse,
  getEphemeralsRequest,
  getEphemeralsResponse,
  type JuteWriter,
  OpCode,
  openAcl,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  Perms,
  reconfigRequest,
  setAclRequest,
  setDataRequest,
  watchTypeRequest,
} from '@quorate/protocol'
import {
  authenticate,
  create,
  createDefaults,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const data = Uint8Array.of(1)
const nobody: readonly Acl[] = [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]
const readOnly: readonly Acl[] = [{ perms: Perms.read, id: { scheme: 'world', id: 'anyone' } }]
const unknownScheme: readonly Acl[] = [{ perms: 31, id: { scheme: 'kerberos', id: 'x' } }]

/** A world with /open, /locked (nothing allowed), /locked/in, /eph (ephemeral), /full with a child, /v at version 1. */
function prepared(options: ConstructorParameters<typeof TestReplica>[0] = {}): TestClient {
  const world = new TestReplica(options)
  const client = world.connectedClient()
  for (const [path, flags] of [
    ['/open', 0],
    ['/eph', 1],
    ['/full', 0],
    ['/full/in', 0],
    ['/v', 0],
    ['/locked', 0],
    ['/locked/in', 0],
  ] as const)
    assert.equal(create(client, path, { flags }).err, ErrorCode.Ok, path)
  client.ask(OpCode.setData, setDataRequest, { path: '/v', data, version: 0 })
  client.ask(OpCode.setACL, setAclRequest, { path: '/locked/in', acl: nobody, version: -1 })
  client.ask(OpCode.setACL, setAclRequest, { path: '/locked', acl: nobody, version: -1 })
  return client
}

type CreateCase = readonly [
  path: string,
  wrong: { readonly acl?: readonly Acl[] | null; readonly flags?: number },
  err: number,
]

test('create: flags, path, ACL, parent, permission, syntax, existence, ephemeral parent', () => {
  const client = prepared()
  const cases: readonly CreateCase[] = [
    ['\0', { flags: 7, acl: null }, ErrorCode.BadArguments],
    ['\0', { flags: -1, acl: null }, ErrorCode.BadArguments],
    ['nothing', { acl: null }, ErrorCode.BadArguments],
    ['', { acl: null }, ErrorCode.BadArguments],
    ['/open/x\0', { acl: null }, ErrorCode.BadArguments],
    ['/missing/x', { acl: null }, ErrorCode.InvalidACL],
    ['nop/n', { acl: [] }, ErrorCode.InvalidACL],
    ['/missing/x', { acl: unknownScheme }, ErrorCode.InvalidACL],
    ['/x', { acl: [{ perms: 31, id: { scheme: 'world', id: 'x' } }] }, ErrorCode.InvalidACL],
    ['/x', { acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }] }, ErrorCode.InvalidACL],
    ['/missing/./x', {}, ErrorCode.NoNode],
    ['nop/n', {}, ErrorCode.NoNode],
    ['/locked/..', {}, ErrorCode.NoAuth],
    ['/locked/in', {}, ErrorCode.NoAuth],
    ['/open/..', {}, ErrorCode.BadArguments],
    ['//', {}, ErrorCode.BadArguments],
    ['/open/', {}, ErrorCode.BadArguments],
    ['/', {}, ErrorCode.NodeExists],
    ['/open', {}, ErrorCode.NodeExists],
    ['/eph/x', {}, ErrorCode.NoChildrenForEphemerals],
    ['/eph/..', {}, ErrorCode.BadArguments],
  ]
  for (const [path, wrong, err] of cases)
    assert.equal(create(client, path, wrong).err, err, JSON.stringify([path, wrong]))
  const sequential = create(client, '/open/', { flags: 2 })
  assert.equal(decode(pathRecord, sequential.body).path, '/open/0000000000')
})

test('create: a null id is no error in the scheme auth alone, where nobody looks at it', () => {
  const client = prepared()
  const noId = null as unknown as string
  const owned = [{ perms: 31, id: { scheme: 'auth', id: noId } }]
  assert.equal(create(client, '/owned', { acl: owned }).err, ErrorCode.InvalidACL)
  authenticate(client, 'user:password')
  assert.equal(create(client, '/owned', { acl: owned }).err, ErrorCode.Ok)
  for (const scheme of ['world', 'digest', 'aut', 'auths'])
    assert.equal(
      create(client, '/other', { acl: [{ perms: 31, id: { scheme, id: noId } }] }).err,
      ErrorCode.MarshallingError,
    )
})

test('create: what the op code says and what the flags say must agree', () => {
  const client = prepared()
  const ask = (type: number, flags: number, ttl: number): number =>
    type === OpCode.createTTL
      ? client.ask(type, createTtlRequest, {
          path: `/t${flags}.${ttl}`,
          ...createDefaults,
          flags,
          ttl,
        }).err
      : client.ask(type, createRequest, { path: `/c${type}.${flags}`, ...createDefaults, flags })
          .err
  assert.equal(ask(OpCode.createTTL, 5, 1), ErrorCode.Ok)
  assert.equal(ask(OpCode.createTTL, 6, 2 ** 40 - 1), ErrorCode.Ok)
  for (const ttl of [0, -1, 2 ** 40])
    assert.equal(ask(OpCode.createTTL, 5, ttl), ErrorCode.BadArguments)
  for (const flags of [0, 1, 4])
    assert.equal(ask(OpCode.createTTL, flags, -1), ErrorCode.BadArguments)
  assert.equal(ask(OpCode.createContainer, 4, 0), ErrorCode.Ok)
  assert.equal(ask(OpCode.createContainer, 0, 0), ErrorCode.BadArguments)
  for (const flags of [4, 5, 6]) assert.equal(ask(OpCode.create, flags, 0), ErrorCode.BadArguments)
  const plain = prepared({ extendedTypesEnabled: false })
  const request = { path: '\0', ...createDefaults, flags: 5, ttl: -1 }
  assert.equal(plain.ask(OpCode.createTTL, createTtlRequest, request).err, ErrorCode.Unimplemented)
  assert.equal(plain.isClosed, false)
})

test('delete: path, parent, permission on the parent, node, version, children', () => {
  const client = prepared()
  const cases = [
    ['nothing', 9, ErrorCode.BadArguments],
    ['/a\0', 9, ErrorCode.BadArguments],
    ['/', 9, ErrorCode.BadArguments],
    ['/zookeeper', 9, ErrorCode.BadArguments],
    ['/zookeeper/quota', 9, ErrorCode.BadArguments],
    ['/zookeeper/config', 9, ErrorCode.BadArguments],
    ['/missing/x', 9, ErrorCode.NoNode],
    ['/locked/missing', 9, ErrorCode.NoAuth],
    ['/open/missing', 9, ErrorCode.NoNode],
    ['/full', 9, ErrorCode.BadVersion],
    ['/full', -1, ErrorCode.NotEmpty],
    ['/v', 0, ErrorCode.BadVersion],
    ['/v', 1, ErrorCode.Ok],
    ['/locked', -1, ErrorCode.NotEmpty],
  ] as const
  for (const [path, version, err] of cases)
    assert.equal(client.ask(OpCode.delete, pathVersionRequest, { path, version }).err, err, path)
})

test('setData and setACL: path, ACL, node, permission, version', () => {
  const client = prepared()
  for (const [path, version, err] of [
    ['', 9, ErrorCode.BadArguments],
    ['x', 9, ErrorCode.BadArguments],
    ['/open/', 9, ErrorCode.BadArguments],
    ['/missing', 9, ErrorCode.NoNode],
    ['/locked', 9, ErrorCode.NoAuth],
    ['/zookeeper/config', -1, ErrorCode.NoAuth],
    ['/v', 0, ErrorCode.BadVersion],
    ['/v', 1, ErrorCode.Ok],
    ['/v', -1, ErrorCode.Ok],
    ['/', -1, ErrorCode.Ok],
  ] as const)
    assert.equal(client.ask(OpCode.setData, setDataRequest, { path, data, version }).err, err, path)
  for (const [path, acl, version, err] of [
    ['x', null, 9, ErrorCode.BadArguments],
    ['/missing', null, 9, ErrorCode.InvalidACL],
    ['/missing', unknownScheme, 9, ErrorCode.InvalidACL],
    ['/missing', openAcl, 9, ErrorCode.NoNode],
    ['/locked', openAcl, 9, ErrorCode.NoAuth],
    ['/open', openAcl, 1, ErrorCode.BadVersion],
    ['/open', readOnly, 0, ErrorCode.Ok],
    ['/open', openAcl, 1, ErrorCode.NoAuth],
  ] as const)
    assert.equal(client.ask(OpCode.setACL, setAclRequest, { path, acl, version }).err, err, path)
})

test('check inside a multi: path, node, permission, version', () => {
  const client = prepared()
  for (const [path, version, err] of [
    ['x', 9, ErrorCode.BadArguments],
    ['/missing', 9, ErrorCode.NoNode],
    ['/locked/in', 9, ErrorCode.NoAuth],
    ['/v', 9, ErrorCode.BadVersion],
  ] as const) {
    const codec = {
      encode(out: JuteWriter) {
        out.writeInt(OpCode.check)
        out.writeBoolean(false)
        out.writeInt(-1)
        out.writeString(path)
        out.writeInt(version)
        out.writeInt(-1)
        out.writeBoolean(true)
        out.writeInt(-1)
      },
      decode: () => ({}),
    }
    const { body } = client.ask(OpCode.multi, codec, {})
    assert.equal(new DataView(body.buffer, body.byteOffset).getInt32(9), err, path)
  }
})

test('reads: absent, then permission; the empty path is the root’s', () => {
  const client = prepared()
  for (const type of [OpCode.getData, OpCode.getChildren, OpCode.getChildren2, OpCode.exists]) {
    const ask = (path: string): number =>
      client.ask(type, pathWatchRequest, { path, watch: true }).err
    assert.equal(ask('/missing'), ErrorCode.NoNode)
    assert.equal(ask('/open/'), ErrorCode.NoNode)
    assert.equal(ask('x'), ErrorCode.NoNode)
    assert.equal(ask('/locked'), ErrorCode.NoAuth)
    assert.equal(ask(''), ErrorCode.Ok)
    assert.equal(ask('/'), ErrorCode.Ok)
  }
  const nul = { path: '/a\0', watch: false }
  assert.equal(client.ask(OpCode.exists, pathWatchRequest, nul).err, ErrorCode.BadArguments)
})

function aclSeenBy(client: TestClient, path: string): readonly Acl[] {
  return decode(getAclResponse, client.ask(OpCode.getACL, pathRecord, { path }).body).acl!
}

test('getACL needs READ or ADMIN, and hides the hashes from whoever may not administer', () => {
  const world = new TestReplica()
  const owner = world.connectedClient()
  authenticate(owner, 'bob:secret')
  const acl: readonly Acl[] = [
    { perms: Perms.all, id: { scheme: 'auth', id: '' } },
    { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } },
  ]
  create(owner, '/a', { acl })
  const other = world.connectedClient()
  assert.equal(aclSeenBy(owner, '/a')[0].id.id, 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=')
  assert.equal(aclSeenBy(other, '/a')[0].id.id, 'bob:x')
  create(owner, '/b', { acl: [{ perms: Perms.admin, id: { scheme: 'world', id: 'anyone' } }] })
  assert.equal(other.ask(OpCode.getACL, pathRecord, { path: '/b' }).err, ErrorCode.Ok)
  create(owner, '/c', { acl: [{ perms: Perms.write, id: { scheme: 'world', id: 'anyone' } }] })
  assert.equal(other.ask(OpCode.getACL, pathRecord, { path: '/c' }).err, ErrorCode.NoAuth)
  assert.equal(other.ask(OpCode.getACL, pathRecord, { path: '/d' }).err, ErrorCode.NoNode)
})

test('counting and ephemerals', () => {
  const client = prepared()
  const count = (path: string): number => {
    const { body } = client.ask(OpCode.getAllChildrenNumber, pathRecord, { path })
    return decode(getAllChildrenNumberResponse, body).totalNumber
  }
  assert.equal(count('/full'), 1)
  assert.equal(count('/open'), 0)
  assert.equal(count('/'), 10, 'seven of ours and three of the system')
  const locked = client.ask(OpCode.getAllChildrenNumber, pathRecord, { path: '/locked' })
  assert.equal(locked.err, ErrorCode.NoAuth)
  create(client, '/open/eph', { flags: 1 })
  const ephemerals = (prefixPath: string | null): readonly string[] => {
    const { body } = client.ask(OpCode.getEphemerals, getEphemeralsRequest, { prefixPath })
    return decode(getEphemeralsResponse, body).ephemerals.toSorted()
  }
  for (const all of [null, '', ' ', '/']) assert.deepEqual(ephemerals(all), ['/eph', '/open/eph'])
  assert.deepEqual(ephemerals('/op'), ['/open/eph'], 'a prefix of the text, not of the path')
  assert.deepEqual(ephemerals('/none'), [])
})

test('watch requests: numbers that mean nothing are −5, watches that are not there −121', () => {
  const client = prepared()
  const add = (mode: number): number =>
    client.ask(OpCode.addWatch, addWatchRequest, { path: '/nowhere', mode }).err
  const ask = (type: number, watcher: number): number =>
    client.ask(type, watchTypeRequest, { path: '/nowhere', type: watcher }).err
  for (const wrong of [-1, 2]) assert.equal(add(wrong), ErrorCode.MarshallingError)
  for (const type of [OpCode.checkWatches, OpCode.removeWatches]) {
    for (const wrong of [0, 6, -1]) assert.equal(ask(type, wrong), ErrorCode.MarshallingError)
    for (const none of [1, 2, 3, 4, 5]) assert.equal(ask(type, none), ErrorCode.NoWatcher)
  }
  assert.equal(add(0), ErrorCode.Ok)
  assert.equal(ask(OpCode.checkWatches, 4), ErrorCode.Ok)
  assert.equal(ask(OpCode.checkWatches, 5), ErrorCode.NoWatcher)
  assert.equal(ask(OpCode.removeWatches, 3), ErrorCode.Ok)
  assert.equal(ask(OpCode.checkWatches, 3), ErrorCode.NoWatcher)
  assert.equal(client.isClosed, false)
})

test('reconfig is refused on a standalone server', () => {
  const request = { joiningServers: null, leavingServers: null, newMembers: null, curConfigId: -1 }
  for (const [reconfigEnabled, err] of [
    [false, ErrorCode.ReconfigDisabled],
    [true, ErrorCode.Unimplemented],
  ] as const) {
    const client = new TestReplica({ reconfigEnabled }).connectedClient()
    assert.equal(client.ask(OpCode.reconfig, reconfigRequest, request).err, err)
    assert.equal(client.isClosed, false)
  }
})

test('null paths and bodies that are cut short are −5, and the connection goes on', () => {
  const client = prepared()
  for (const type of [1, 2, 3, 4, 5, 6, 7, 8, 12, 14, 15, 17, 18, 19, 21, 22, 104, 106]) {
    for (const body of [[], [255, 255, 255, 255], [0, 0, 0, 9, 47]]) {
      client.sendFrame(Uint8Array.of(0, 0, 1, type, 0, 0, 0, type, ...body))
      const replies = client.takeReplies()
      const expected = [[256 + type, ErrorCode.MarshallingError]]
      assert.deepEqual(
        replies.map(({ xid, err }) => [xid, err]),
        expected,
        `${type} ${body.length}`,
      )
    }
  }
  assert.equal(client.isClosed, false)
  assert.equal(create(client, '/after').err, ErrorCode.Ok)
})
