/** Events as clients get them: which, in what order, with what zxid, and who gets none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Acl,
  addWatchRequest,
  ErrorCode,
  multiRequest,
  OpCode,
  openAcl,
  pathWatchRequest,
  Perms,
  setAclRequest,
  setWatches2Request,
  setWatchesRequest,
  Xid,
} from '@quorate/protocol'
import {
  authenticate,
  create,
  exists,
  noRecord,
  remove,
  setData,
  takeEvents,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

function read(client: TestClient, type: number, path: string): void {
  assert.equal(client.ask(type, pathWatchRequest, { path, watch: true }).err, ErrorCode.Ok)
}

function addWatch(client: TestClient, path: string, mode: number): void {
  assert.equal(client.ask(OpCode.addWatch, addWatchRequest, { path, mode }).err, ErrorCode.Ok)
}

function pair(): readonly [watcher: TestClient, writer: TestClient, world: TestReplica] {
  const world = new TestReplica()
  return [world.connectedClient(), world.connectedClient(), world]
}

test('standard watches tell once: data, children, creation, deletion', () => {
  const [watcher, writer] = pair()
  exists(watcher, '/a', true)
  watcher.takeFrames()
  create(writer, '/a')
  assert.deepEqual(takeEvents(watcher), ['1 /a'])
  read(watcher, OpCode.getData, '/a')
  read(watcher, OpCode.getChildren, '/a')
  create(writer, '/a/b')
  assert.deepEqual(takeEvents(watcher), ['4 /a'])
  create(writer, '/a/c')
  setData(writer, '/a', '1')
  setData(writer, '/a', '2')
  assert.deepEqual(takeEvents(watcher), ['3 /a'])
  read(watcher, OpCode.getChildren2, '/a/b')
  read(watcher, OpCode.getData, '/a/b')
  read(watcher, OpCode.getChildren, '/a')
  remove(writer, '/a/b')
  assert.deepEqual(
    takeEvents(watcher),
    ['2 /a/b', '4 /a'],
    'one deletion, though two watches match',
  )
})

test('persistent watches stay; recursive ones tell of everything below but no children', () => {
  const [watcher, writer] = pair()
  create(writer, '/p')
  create(writer, '/r')
  addWatch(watcher, '/p', 0)
  addWatch(watcher, '/r', 1)
  for (const path of ['/p', '/r']) {
    for (let i = 0; i < 2; i++) {
      create(writer, `${path}/x`)
      setData(writer, `${path}/x`, '1')
      setData(writer, path, '1')
      remove(writer, `${path}/x`)
    }
    remove(writer, path)
  }
  const [p, r] = [
    ['4 /p', '3 /p', '4 /p'],
    ['1 /r/x', '3 /r/x', '3 /r', '2 /r/x'],
  ]
  assert.deepEqual(takeEvents(watcher), [...p, ...p, '2 /p', ...r, ...r, '2 /r'])
})

test('the root’s watches see its children', () => {
  const [watcher, writer] = pair()
  read(watcher, OpCode.getChildren, '/')
  addWatch(watcher, '/', 1)
  create(writer, '/a')
  assert.deepEqual(takeEvents(watcher), ['1 /a', '4 /'])
})

test('the events of a multi come in the order of its operations, before its reply', () => {
  const [client, other, world] = pair()
  addWatch(client, '/', 1)
  read(client, OpCode.getChildren, '/')
  const ops = [
    { type: 1, path: '/a', data: null, acl: openAcl, flags: 0 },
    { type: 5, path: '/a', data: null, version: 0 },
    { type: 1, path: '/a/b', data: null, acl: openAcl, flags: 0 },
    { type: 2, path: '/a/b', version: 0 },
  ] as const
  const xid = client.send(OpCode.multi, multiRequest, ops)
  const replies = client.takeReplies()
  assert.equal(replies.at(-1)!.xid, xid)
  assert.ok(replies.every(({ zxid }) => zxid === world.replica.lastZxid))
  assert.equal(replies.length, 6)
  other.ask(OpCode.multi, multiRequest, [ops[0], { type: 13, path: '/none', version: 0 }])
  assert.deepEqual(takeEvents(client), [], 'what failed tells nobody')
})

test('a session’s end deletes in one transaction, each ephemeral with its events', () => {
  const [watcher, owner] = pair()
  for (const path of ['/e1', '/e2']) create(owner, path, { flags: 1 })
  addWatch(watcher, '/', 0)
  addWatch(watcher, '/', 1)
  owner.ask(OpCode.closeSession, noRecord, {})
  assert.deepEqual(takeEvents(watcher).toSorted(), ['2 /e1', '2 /e2', '4 /', '4 /'])
})

test('setACL, failed writes and reads tell nobody; a watch is only left by a read that succeeds', () => {
  const [watcher, writer] = pair()
  create(writer, '/a')
  read(watcher, OpCode.getData, '/a')
  for (const type of [OpCode.getData, OpCode.getChildren])
    watcher.ask(type, pathWatchRequest, { path: '/later', watch: true })
  writer.ask(OpCode.setACL, setAclRequest, { path: '/a', acl: openAcl, version: -1 })
  setData(writer, '/a', 'x', 9)
  remove(writer, '/a', 9)
  create(writer, '/later')
  assert.deepEqual(takeEvents(watcher), [])
})

test('who may not read a node is not told of it, and its one-shot watch is gone all the same', () => {
  const world = new TestReplica()
  const [stranger, owner] = [world.connectedClient(), world.connectedClient()]
  authenticate(owner, 'bob:secret')
  create(owner, '/a')
  for (const client of [stranger, owner]) {
    read(client, OpCode.getData, '/a')
    addWatch(client, '/a', 1)
    client.takeFrames()
  }
  const own: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'auth', id: '' } }]
  owner.ask(OpCode.setACL, setAclRequest, { path: '/a', acl: own, version: -1 })
  setData(owner, '/a', 'secret')
  create(owner, '/a/b', { acl: own })
  assert.deepEqual(takeEvents(stranger), [])
  owner.ask(OpCode.setACL, setAclRequest, { path: '/a', acl: openAcl, version: -1 })
  setData(owner, '/a', 'open again')
  assert.deepEqual(takeEvents(stranger), ['3 /a'], 'the recursive one; the standard one is spent')
  remove(owner, '/a/b')
  assert.deepEqual(takeEvents(stranger), [], 'the last ACL of a deleted node counts')
})

test('setWatches tells what was missed, list by list, then answers; the rest is watched', () => {
  const [client, writer, world] = pair()
  for (const path of ['/same', '/changed', '/grown']) create(writer, path)
  const relativeZxid = world.replica.lastZxid
  setData(writer, '/changed', '2')
  create(writer, '/grown/x')
  create(writer, '/born')
  const send = (type: number, more: object): number =>
    client.send(type, setWatches2Request, {
      relativeZxid,
      dataWatches: ['/same', '/changed', '/gone'],
      existWatches: ['/born', '/absent'],
      childWatches: ['/same', '/grown', '/gone'],
      persistentWatches: [],
      persistentRecursiveWatches: [],
      ...more,
    })
  const xid = send(OpCode.setWatches2, {
    persistentWatches: ['/pers'],
    persistentRecursiveWatches: ['/rec'],
  })
  const replies = client.takeReplies()
  assert.equal(replies.at(-1)!.xid, xid)
  assert.equal(replies.at(-1)!.body.length, 0)
  assert.ok(
    replies.slice(0, -1).every((reply) => reply.xid === Xid.notification && reply.zxid === -1),
  )
  assert.equal(replies.length, 6)
  send(OpCode.setWatches2, {})
  assert.deepEqual(takeEvents(client), ['3 /changed', '2 /gone', '1 /born', '4 /grown', '2 /gone'])
  for (const path of ['/absent', '/pers', '/rec', '/rec/x', '/same/x']) create(writer, path)
  setData(writer, '/same', '2')
  assert.deepEqual(takeEvents(client), [
    '1 /absent',
    '1 /pers',
    '1 /rec',
    '1 /rec/x',
    '4 /same',
    '3 /same',
  ])
})

test('setWatches, the older one, has three lists', () => {
  const [client, writer, world] = pair()
  create(writer, '/a')
  client.ask(OpCode.setWatches, setWatchesRequest, {
    relativeZxid: world.replica.lastZxid,
    dataWatches: ['/a'],
    existWatches: [],
    childWatches: [],
  })
  setData(writer, '/a', '2')
  assert.deepEqual(takeEvents(client), ['3 /a'])
})

test('watches go with their connection', () => {
  const [watcher, writer, world] = pair()
  addWatch(watcher, '/', 1)
  exists(watcher, '/a', true)
  assert.equal(world.replica.view().watchCount, 2)
  watcher.close()
  world.endTurn()
  assert.equal(world.replica.view().watchCount, 0)
  assert.equal(create(writer, '/a').err, ErrorCode.Ok)
  assert.deepEqual(watcher.takeFrames(), [])
})
