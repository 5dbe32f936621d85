import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Capability,
  type Codec,
  connectRequest,
  connectResponse,
  createRequest,
  decode,
  encode,
  ErrorCode,
  OpCode,
  pathWatchRequest,
  type SessionId,
  setDataRequest,
} from '@quorate/protocol'
import {
  create,
  createDefaults,
  joined,
  noRecord,
  type Reply,
  type TestClient,
} from '../replica-fixture.ts'
import { TestEnsemble, type TestServer } from './ensemble-fixture.ts'

interface LinearizableExists {
  readonly path: string
}

const linearizableExists: Codec<LinearizableExists> = {
  encode(writer, { path }) {
    writer.writeInt(OpCode.exists)
    pathWatchRequest.encode(writer, { path, watch: false })
  },
  decode: () => ({ path: '' }),
}

function readerOf(server: TestServer): TestClient {
  return server.connectedClient({ capabilities: Capability.linearizableReads })
}

function send(client: TestClient, path: string): number {
  return client.send(OpCode.linearizableRead, linearizableExists, { path })
}

function errs(replies: readonly Reply[]): number[] {
  return replies.map(({ err }) => err)
}

const ways = [
  { name: 'the leader', at: 0, isLeaderApache: false },
  { name: 'a learner of a leader that confirms syncs', at: 1, isLeaderApache: false },
  { name: 'a learner of Apache’s leader', at: 1, isLeaderApache: true },
] as const

for (const { name, at, isLeaderApache } of ways) {
  test(`through ${name} a linearizable read shows what was submitted before it`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const writer = world.servers[2].connectedClient()
    const client = readerOf(world.servers[at])
    world.isCommitting = false
    writer.send(OpCode.create, createRequest, { path: '/a', ...createDefaults })
    const xid = send(client, '/a')
    assert.deepEqual(client.takeReplies(), [])
    world.isCommitting = true
    world.settle()
    const [reply, ...more] = client.takeReplies()
    assert.deepEqual([reply.xid, reply.err, reply.body.length, more.length], [xid, 0, 68, 0])
  })

  test(`through ${name} a linearizable read keeps its place between the writes of its session`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = readerOf(world.servers[at])
    world.isCommitting = world.isConfirming = false
    const createFrame = (path: string): Uint8Array =>
      client.frame(OpCode.create, createRequest, { path, ...createDefaults })
    client.sendRaw(
      joined(
        client.frame(OpCode.linearizableRead, linearizableExists, { path: '/a' }),
        createFrame('/a'),
        client.frame(OpCode.setData, setDataRequest, { path: '/a', data: null, version: 0 }),
        client.frame(OpCode.linearizableRead, linearizableExists, { path: '/a' }),
        client.frame(OpCode.exists, pathWatchRequest, { path: '/b', watch: false }),
        createFrame('/b'),
      ),
    )
    assert.ok(client.isPaused, 'nothing is taken behind a write that waits for the read')
    world.isCommitting = true
    world.settle()
    world.isConfirming = true
    world.settle()
    const replies = client.takeReplies()
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [1, 2, 3, 4, 5, 6],
    )
    const { Ok, NoNode } = ErrorCode
    assert.deepEqual(errs(replies), [NoNode, Ok, Ok, Ok, NoNode, Ok])
    assert.ok(!client.isPaused)
  })

  test(`through ${name} a read that nobody confirms is never answered`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = readerOf(world.servers[at])
    world.isCommitting = world.isConfirming = false
    send(client, '/a')
    world.settle()
    assert.deepEqual(client.takeReplies(), [])
    world.elect(world.servers[2])
    assert.deepEqual([client.takeReplies(), client.isClosed], [[], true])
  })
}

test('the barrier through Apache’s leader fails and changes nothing', () => {
  const world = new TestEnsemble({ isLeaderApache: true })
  const client = readerOf(world.servers[1])
  create(client, '/a')
  const nodes = world.leading.tree.nodes.count
  const before = world.leading.tree.lastZxid
  send(client, '/a')
  assert.equal(world.leading.tree.lastZxid, before + 1)
  assert.equal(world.leading.tree.nodes.count, nodes)
  assert.equal(world.forwarded.at(-1)?.type, OpCode.delete)
})

test('a linearizable read through a session that has moved closes the connection', () => {
  const world = new TestEnsemble({ isLeaderApache: true })
  const client = readerOf(world.servers[1])
  const session = world.leading.leader!
  session.revalidationAsked(world.servers[2], client.connection.sessionId, 10_000)
  world.servers[2].fromLeader.length = 0
  send(client, '/a')
  assert.deepEqual([client.takeReplies(), client.isClosed], [[], true])
})

test('what is no read of znodes, or no request at all, is refused', () => {
  const world = new TestEnsemble()
  const client = readerOf(world.leading)
  const ask = (type: number): number => {
    const inner: Codec<object> = { encode: (writer) => writer.writeInt(type), decode: () => ({}) }
    return client.ask(OpCode.linearizableRead, inner, {}).err
  }
  assert.equal(ask(OpCode.create), ErrorCode.Unimplemented)
  assert.equal(ask(OpCode.ping), ErrorCode.Unimplemented)
  assert.equal(ask(OpCode.getData), ErrorCode.MarshallingError)
  assert.equal(client.ask(OpCode.linearizableRead, noRecord, {}).err, ErrorCode.MarshallingError)
})

test('a client that did not announce it is told that the operation is unknown, and gets no longer answer', () => {
  const world = new TestEnsemble()
  const plain = world.servers[1].connectedClient()
  send(plain, '/a')
  assert.deepEqual([errs(plain.takeReplies()), plain.isClosed], [[ErrorCode.Unimplemented], true])
  const capable = world.servers[1].client()
  capable.sendConnect({ capabilities: 0xff })
  const [frame] = capable.takeFrames()
  assert.equal(frame.length, 37 + 8 + 12)
  const { capabilities } = decode(connectResponse, frame)
  assert.equal(capabilities, Capability.linearizableReads | Capability.outcomes)
})

test('bytes behind a ConnectRequest that are no capabilities of ours are none', () => {
  const request = {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut: 10_000,
    sessionId: 0n as SessionId,
    passwd: new Uint8Array(16),
    readOnly: false,
  }
  const plain = encode(connectRequest, request)
  const extended = encode(connectRequest, { ...request, capabilities: 1 })
  assert.equal(extended.length, plain.length + 8)
  assert.equal(decode(connectRequest, extended).capabilities, 1)
  const foreign = extended.slice()
  foreign[plain.length] = 0
  assert.deepEqual(decode(connectRequest, foreign), request)
  assert.deepEqual(decode(connectRequest, extended.subarray(0, plain.length + 3)), request)
})
