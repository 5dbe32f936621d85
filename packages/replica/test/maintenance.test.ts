/** What a server does by itself: it cleans containers and TTL nodes, and takes snapshots. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  createTtlRequest,
  ErrorCode,
  JuteWriter,
  OpCode,
  pathRecord,
  setDataRequest,
} from '@quorate/protocol'
import {
  create,
  createDefaults,
  exists,
  remove,
  setData,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

const hour = 3_600_000
/** A world that never expires sessions in these tests, and looks for nodes to clean every second. */
function world(options: ConstructorParameters<typeof TestReplica>[0] = {}): TestReplica {
  return new TestReplica({
    maxSessionTimeoutMs: 100 * hour,
    minSessionTimeoutMs: 100 * hour,
    containerCheckIntervalMs: 1_000,
    ...options,
  })
}

function container(client: TestClient, path: string): void {
  const request = { path, ...createDefaults, flags: 4 }
  assert.equal(client.ask(OpCode.createContainer, createRequest, request).err, ErrorCode.Ok)
}

function ttlNode(client: TestClient, path: string, ttl: number): void {
  const request = { path, ...createDefaults, flags: 5, ttl }
  assert.equal(client.ask(OpCode.createTTL, createTtlRequest, request).err, ErrorCode.Ok)
}

function isThere(client: TestClient, path: string): boolean {
  return exists(client, path).err === ErrorCode.Ok
}

test('a container goes when its last child has gone, not before it had one', () => {
  const here = world()
  const client = here.connectedClient()
  container(client, '/used')
  container(client, '/unused')
  create(client, '/used/x')
  here.advance(2_000)
  assert.deepEqual([isThere(client, '/used'), isThere(client, '/unused')], [true, true])
  remove(client, '/used/x')
  here.advance(2_000)
  assert.deepEqual([isThere(client, '/used'), isThere(client, '/unused')], [false, true])
})

test('a node is not cleaned while a write to it is under way', () => {
  const here = world()
  const client = here.connectedClient()
  ttlNode(client, '/short', 1_500)
  here.advance(1_400)
  here.isDiskImmediate = false
  client.send(OpCode.setData, setDataRequest, { path: '/short', data: null, version: -1 })
  // The search finds the node as it was applied, and old enough.
  here.advance(1_000)
  here.isDiskImmediate = true
  here.completeSync()
  assert.equal(isThere(client, '/short'), true)
})

test('a container that was never used goes after its time, if there is one', () => {
  const here = world({ containerMaxNeverUsedIntervalMs: 10_000 })
  const client = here.connectedClient()
  container(client, '/unused')
  here.advance(9_000)
  assert.equal(isThere(client, '/unused'), true)
  here.advance(2_000)
  here.advance(2_000)
  assert.equal(isThere(client, '/unused'), false)
})

test('a TTL node goes when it was not changed for its time and has no children', () => {
  const here = world()
  const client = here.connectedClient()
  for (const path of ['/quiet', '/changed', '/parent']) ttlNode(client, path, 5_000)
  create(client, '/parent/x')
  here.advance(4_000)
  setData(client, '/changed', 'again')
  here.advance(2_000)
  here.advance(1_000)
  assert.deepEqual(
    ['/quiet', '/changed', '/parent'].map((path) => isThere(client, path)),
    [false, true, true],
  )
  remove(client, '/parent/x')
  here.advance(6_000)
  assert.deepEqual(
    ['/changed', '/parent'].map((path) => isThere(client, path)),
    [false, false],
  )
})

test('cleaning is an ordinary transaction of no session', () => {
  const here = world()
  const client = here.connectedClient()
  ttlNode(client, '/t', 1_000)
  const before = here.txns.length
  here.advance(3_000)
  assert.equal(here.txns.length, before + 1)
  const txn = here.txns.at(-1)!
  assert.deepEqual(
    [...txn.subarray(0, 12)],
    Array.from({ length: 12 }, () => 0),
  )
  assert.equal(txn[31], OpCode.deleteContainer)
})

test('a container that is used again while it is being cleaned stays', () => {
  const here = world()
  const client = here.connectedClient()
  container(client, '/c')
  create(client, '/c/x')
  remove(client, '/c/x')
  here.isDiskImmediate = false
  client.send(OpCode.create, createRequest, { path: '/c/y', ...createDefaults })
  here.advance(2_000)
  here.isDiskImmediate = true
  here.completeSync()
  assert.equal(isThere(client, '/c/y'), true)
})

test('cleaning keeps to its rate', () => {
  const here = world({ containerMaxPerMinute: 60 })
  const client = here.connectedClient()
  for (let i = 0; i < 10; i++) ttlNode(client, `/t${i}`, 1)
  const left = (): number => here.tree.ttlNodes.size
  for (let i = 0; i < 4; i++) here.advance(1_000)
  assert.ok(left() >= 5 && left() <= 7, `${left()} are left after four seconds`)
  for (let i = 0; i < 8; i++) here.advance(1_000)
  assert.equal(left(), 0)
})

test('snapshots are asked for after so many transactions, one at a time', () => {
  const here = world({ snapCount: 20 })
  const client = here.connectedClient()
  const writeMany = (count: number): void => {
    for (let i = 0; i < count; i++) setData(client, '/', `${i}`)
  }
  writeMany(14)
  assert.equal(here.images.length, 0)
  writeMany(2)
  assert.equal(here.images.length, 1)
  writeMany(100)
  assert.equal(here.images.length, 1, 'the first has not ended')
  const [image] = here.images
  while (image.writeNext(new JuteWriter(), 100));
  here.replica.snapshotEnded()
  writeMany(20)
  assert.equal(here.images.length, 2)
  assert.ok(here.images[1].zxid > image.zxid)
  assert.ok(here.images.every(({ zxid }) => zxid <= here.replica.lastZxid))
})

test('what a start replayed counts towards the next snapshot, by number and by size', () => {
  const limits = { snapCount: 20, snapSizeLimitBytes: 100_000 }
  for (const [replayed, dueAfter] of [
    [{ replayedCount: 13 }, 3],
    [{ replayedBytes: 99_999 }, 1],
    [{ replayedCount: 1_000_000, replayedBytes: 1e9 }, 1],
  ] as const) {
    const here = new TestReplica(limits, undefined, replayed)
    assert.equal(here.images.length, 0)
    // The session is the first transaction.
    const client = here.connectedClient()
    for (let count = 1; count < dueAfter; count++) {
      assert.equal(here.images.length, 0)
      setData(client, '/', 'x')
    }
    assert.equal(here.images.length, 1)
  }
})

test('snapshots are asked for by the size of the log as well', () => {
  const here = world({ snapSizeLimitBytes: 100_000 })
  const client = here.connectedClient()
  create(client, '/a')
  for (let i = 0; i < 7; i++) setData(client, '/a', 'x'.repeat(10_000))
  assert.equal(here.images.length, 0)
  setData(client, '/a', 'x'.repeat(10_000))
  assert.equal(here.images.length, 1)
  assert.equal(client.ask(OpCode.sync, pathRecord, { path: '/' }).err, ErrorCode.Ok)
})

test('a node that came in the place of a container is not cleaned in its stead', () => {
  const server = world({ containerMaxPerMinute: 60 })
  const client = server.connectedClient()
  for (const path of ['/c1', '/c2']) {
    container(client, path)
    create(client, `${path}/child`)
    remove(client, `${path}/child`)
  }
  // Both are found at once, and the second has to wait for its turn.
  server.advance(1_000)
  const waiting = ['/c1', '/c2'].find((path) => isThere(client, path))
  assert.ok(waiting !== undefined)
  remove(client, waiting)
  create(client, waiting)
  server.advance(60_000)
  assert.equal(isThere(client, waiting), true)
})
