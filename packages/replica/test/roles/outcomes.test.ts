import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Capability,
  type Codec,
  connectResponse,
  createRequest,
  createTtlRequest,
  CreateMode,
  decode,
  ErrorCode,
  JuteWriter,
  multiRequest,
  openAcl,
  OpCode,
  type OutcomeAnswer,
  type OutcomeQuestion,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
  pathVersionRequest,
  type SessionId,
  sessionPassword,
  setAclRequest,
  setDataRequest,
} from '@quorate/protocol'
import { outcomesPerSession } from '@quorate/tree'
import { create, createDefaults, noRecord, type TestClient } from '../replica-fixture.ts'
import { TestEnsemble, type TestServer } from './ensemble-fixture.ts'

const capabilities = Capability.outcomes
const questionXid = 5_000

/** The session comes back on another connection. */
function moved(client: TestClient, server: TestServer): TestClient {
  const { sessionId } = client.connection
  return server.connectedClient({
    sessionId,
    passwd: sessionPassword(sessionId),
    capabilities,
  })
}

function sendQuestion(client: TestClient, questions: readonly OutcomeQuestion[]): void {
  sendAs(client, questionXid, OpCode.outcomes, outcomesRequest, { questions })
}

/** As another session of the client that had `session`. */
function sendQuestionOf(
  client: TestClient,
  session: SessionId,
  xid: number,
  passwd: Uint8Array = sessionPassword(session),
): void {
  sendAs(client, questionXid, OpCode.outcomes, outcomesRequest, {
    questions: [{ xid, after: 0 }],
    ended: { id: session, passwd },
  })
}

function stateOf(client: TestClient, session: SessionId, xid: number): number {
  sendQuestionOf(client, session, xid)
  const answer = takeAnswer(client)
  if (typeof answer === 'number') assert.fail(`the question failed with ${answer}`)
  return answer[0].state
}

function sendAs<T>(client: TestClient, xid: number, type: number, codec: Codec<T>, of: T): void {
  const writer = new JuteWriter()
  writer.writeInt(xid)
  writer.writeInt(type)
  codec.encode(writer, of)
  client.sendFrame(writer.copy())
}

function takeAnswer(client: TestClient): readonly OutcomeAnswer[] | number {
  const replies = client.takeReplies()
  assert.deepEqual(
    replies.map(({ xid }) => xid),
    [questionXid],
  )
  const [{ err, body }] = replies
  return err === 0 ? decode(outcomesResponse, body) : err
}

function askFor(client: TestClient, xids: readonly number[]): readonly OutcomeAnswer[] {
  sendQuestion(
    client,
    xids.map((xid) => ({ xid, after: 0 })),
  )
  const answer = takeAnswer(client)
  if (typeof answer === 'number') assert.fail(`the question failed with ${answer}`)
  return answer
}

function sendCreate(client: TestClient, path: string): number {
  return client.send(OpCode.create, createRequest, { path, ...createDefaults })
}

/** Lets the session expire while the asker's goes on. */
function expire(world: TestEnsemble, session: SessionId, asker: TestClient): void {
  const { sessionId } = asker.connection
  for (let i = 0; i < 30; i++) {
    world.leading.leader!.sessionTouched(world.servers[1], sessionId, 10_000)
    world.advance(1_000)
  }
  if (world.isCommitting) assert.ok(!world.leading.tree.timeoutMsBySession.has(session))
}

const ways = [
  { name: 'the leader', to: 0, isLeaderApache: false },
  { name: 'a learner', to: 1, isLeaderApache: false },
  { name: 'a learner of Apache’s leader', to: 1, isLeaderApache: true },
] as const

for (const { name, to, isLeaderApache } of ways) {
  test(`through ${name} the outcome of every kind of write is what its reply was`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = world.servers[2].connectedClient()
    const data = Uint8Array.of(1, 2, 3)
    const acl = openAcl
    const set = { type: OpCode.setData, path: '/a', data, version: -1 } as const
    const writes: (() => number)[] = [
      () => sendCreate(client, '/a'),
      () => sendCreate(client, '/a'),
      () =>
        client.send(OpCode.create2, createRequest, {
          path: '/a/s-',
          ...createDefaults,
          flags: CreateMode.ephemeralSequential,
        }),
      () =>
        client.send(OpCode.createContainer, createRequest, {
          path: '/c',
          ...createDefaults,
          flags: CreateMode.container,
        }),
      () =>
        client.send(OpCode.createTTL, createTtlRequest, {
          path: '/t',
          ...createDefaults,
          flags: CreateMode.persistentWithTtl,
          ttl: 1_000,
        }),
      () => client.send(OpCode.setData, setDataRequest, { path: '/a', data, version: 0 }),
      () => client.send(OpCode.setData, setDataRequest, { path: '/a', data, version: 0 }),
      () => client.send(OpCode.setACL, setAclRequest, { path: '/a', acl, version: -1 }),
      () => client.send(OpCode.multi, multiRequest, [set, { ...set, data: null }]),
      () => client.send(OpCode.multi, multiRequest, [set, { ...set, path: '/none' }]),
      () => client.send(OpCode.delete, pathVersionRequest, { path: '/c', version: -1 }),
    ]
    const replies = writes.map((write) => {
      const xid = write()
      const [reply] = client.takeReplies()
      assert.equal(reply?.xid, xid)
      return reply
    })
    assert.deepEqual(
      replies.map(({ err }) => err),
      [0, ErrorCode.NodeExists, 0, 0, 0, 0, ErrorCode.BadVersion, 0, 0, 0, 0],
    )
    const answers = askFor(
      moved(client, world.servers[to]),
      replies.map(({ xid }) => xid),
    )
    assert.deepEqual(
      answers.map(({ zxid, err, body }) => ({ zxid, err, body })),
      replies.map(({ zxid, err, body }) => ({ zxid, err, body })),
    )
    assert.ok(answers.every(({ state }) => state === OutcomeState.applied))
  })

  test(`through ${name} a write that is still on its way is never applied, now and later`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = world.servers[2].connectedClient()
    world.servers[2].isHeard = false
    const xid = sendCreate(client, '/late')
    const back = moved(client, world.servers[to])
    assert.equal(askFor(back, [xid])[0].state, OutcomeState.neverApplied)
    world.servers[2].isHeard = true
    world.settle()
    const again = moved(back, world.servers[to])
    assert.equal(askFor(again, [xid])[0].state, OutcomeState.neverApplied)
    assert.equal(create(again, '/late').err, ErrorCode.Ok, 'nobody had made it')
  })

  test(`through ${name} a question waits for writes that are proposed and not decided`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = world.servers[2].connectedClient()
    world.isCommitting = false
    const xid = sendCreate(client, '/a')
    const back = moved(client, world.servers[to])
    sendQuestion(back, [{ xid, after: 0 }])
    assert.deepEqual(back.takeReplies(), [])
    world.isCommitting = true
    world.settle()
    const answer = takeAnswer(back)
    assert.ok(typeof answer !== 'number')
    assert.deepEqual([answer[0].state, answer[0].err], [OutcomeState.applied, ErrorCode.Ok])
  })

  test(`through ${name} nothing is answered without a quorum`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const back = moved(world.servers[2].connectedClient(), world.servers[to])
    world.isCommitting = false
    sendQuestion(back, [{ xid: 1, after: 0 }])
    assert.deepEqual(back.takeReplies(), [])
    world.elect(world.servers[2])
    assert.deepEqual([back.takeReplies(), back.isClosed], [[], true])
  })

  test(`through ${name} a connection that the session has left learns nothing`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const client = world.servers[to].connectedClient({ capabilities })
    world.leading.leader!.revalidationAsked(world.servers[2], client.connection.sessionId, 10_000)
    world.servers[2].fromLeader.length = 0
    sendQuestion(client, [{ xid: 1, after: 0 }])
    assert.deepEqual([client.takeReplies(), client.isClosed], [[], true])
  })
}

for (const { name, to, isLeaderApache } of ways) {
  test(`through ${name} another session learns of a session that has expired, and proves by its password whose it was`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const lost = world.servers[2].connectedClient()
    const session = lost.connection.sessionId
    const xid = sendCreate(lost, '/a')
    lost.takeReplies()
    const asker = world.servers[to].connectedClient({ capabilities })
    expire(world, session, asker)
    sendQuestionOf(asker, session, xid, new Uint8Array(16))
    assert.equal(takeAnswer(asker), ErrorCode.NoAuth)
    assert.equal(stateOf(asker, session, xid), OutcomeState.applied)
    assert.equal(stateOf(asker, session, xid + 1), OutcomeState.neverApplied)
  })

  test(`through ${name} nothing of a session that lives is said never to be applied`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const lost = world.servers[2].connectedClient()
    const session = lost.connection.sessionId
    const asker = world.servers[to].connectedClient({ capabilities })
    const early = sendCreate(lost, '/early')
    world.servers[2].isHeard = false
    const late = sendCreate(lost, '/late')
    assert.equal(stateOf(asker, session, early), OutcomeState.applied)
    assert.equal(stateOf(asker, session, late), OutcomeState.undecided)
    world.servers[2].isHeard = true
    world.settle()
    assert.equal(stateOf(asker, session, late), OutcomeState.applied)
    assert.equal(create(lost, '/behind').err, ErrorCode.Ok, 'nobody has taken its session')
  })

  test(`through ${name} a write of an expired session that comes too late is never applied`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const lost = world.servers[2].connectedClient()
    const session = lost.connection.sessionId
    const asker = world.servers[to].connectedClient({ capabilities })
    world.servers[2].isHeard = false
    const xid = sendCreate(lost, '/late')
    expire(world, session, asker)
    assert.equal(stateOf(asker, session, xid), OutcomeState.neverApplied)
    world.servers[2].isHeard = true
    world.settle()
    assert.equal(stateOf(asker, session, xid), OutcomeState.neverApplied)
    assert.equal(create(asker, '/late').err, ErrorCode.Ok, 'nobody had made it')
  })

  test(`through ${name} a question about an expired session waits for what is not decided`, () => {
    const world = new TestEnsemble({ isLeaderApache })
    const lost = world.servers[2].connectedClient()
    const session = lost.connection.sessionId
    const asker = world.servers[to].connectedClient({ capabilities })
    world.isCommitting = false
    const xid = sendCreate(lost, '/a')
    expire(world, session, asker)
    sendQuestionOf(asker, session, xid)
    assert.deepEqual(asker.takeReplies(), [])
    world.isCommitting = true
    world.settle()
    const answer = takeAnswer(asker)
    assert.ok(typeof answer !== 'number')
    assert.equal(answer[0].state, OutcomeState.applied)
  })
}

test('where servers may have sessions of their own nobody knows that one of another server is over', () => {
  const world = new TestEnsemble({
    localSessionsEnabled: true,
    localSessionsUpgradingEnabled: true,
  })
  const local = world.servers[2].connectedClient()
  const session = local.connection.sessionId
  for (const server of [world.servers[0], world.servers[1]]) {
    const asker = server.connectedClient({ capabilities })
    assert.equal(stateOf(asker, session, 1), OutcomeState.undecided)
  }
})

test('the leader knows its own sessions, and which of them are over', () => {
  const world = new TestEnsemble({
    localSessionsEnabled: true,
    localSessionsUpgradingEnabled: true,
  })
  const local = world.leading.connectedClient()
  const session = local.connection.sessionId
  const askers = world.servers.map((server) => server.connectedClient({ capabilities }))
  for (const asker of askers) assert.equal(stateOf(asker, session, 1), OutcomeState.undecided)
  local.ask(OpCode.closeSession, noRecord, {})
  for (const asker of askers) assert.equal(stateOf(asker, session, 1), OutcomeState.neverApplied)
})

test('questions keep their place in the order of replies, and leave no outcome themselves', () => {
  const world = new TestEnsemble()
  const client = world.servers[1].connectedClient({ capabilities })
  world.isCommitting = false
  const xid = sendCreate(client, '/a')
  sendQuestion(client, [{ xid, after: 0 }])
  const after = sendCreate(client, '/b')
  world.isCommitting = true
  world.settle()
  assert.deepEqual(
    client.takeReplies().map((reply) => reply.xid),
    [xid, questionXid, after],
  )
  for (const { tree } of world.servers) assert.equal(tree.outcomes.count, 2)
})

test('behind an observer master of Apache’s nothing is called never applied', () => {
  const world = new TestEnsemble({ isLeaderApache: true, isMasterApache: true })
  const client = world.servers[2].connectedClient()
  const { xid } = create(client, '/there')
  world.servers[2].isHeard = false
  const late = sendCreate(client, '/late')
  const answers = askFor(moved(client, world.servers[1]), [xid, late])
  assert.deepEqual(
    answers.map(({ state }) => state),
    [OutcomeState.applied, OutcomeState.unknown],
  )
})

test('all servers know the same outcomes', () => {
  const world = new TestEnsemble()
  const clients = world.servers.map((server) => server.connectedClient())
  for (const [i, client] of clients.entries()) {
    create(client, `/${i}`)
    create(client, '/0')
  }
  const known = world.servers.map(({ tree }) => {
    const image = tree.outcomes.openImage()
    const entries = Array.from(image.entries(), ({ body, ...entry }) => ({
      ...entry,
      body: body?.bytes.slice(body.start, body.end),
    }))
    image.close()
    return entries
  })
  assert.equal(known[0].length, 6)
  assert.deepEqual(known[1], known[0])
  assert.deepEqual(known[2], known[0])
})

test('a client is told what it has to keep to only if it announced the questions', () => {
  const world = new TestEnsemble()
  const first = world.servers[1].connectedClient({ capabilities })
  create(first, '/a')
  const client = world.servers[1].client()
  client.sendConnect({ capabilities })
  const [frame] = client.takeFrames()
  assert.equal(frame.length, 37 + 8 + 12)
  assert.deepEqual(decode(connectResponse, frame).outcomes, {
    writesMax: outcomesPerSession,
    zxid: world.servers[1].tree.lastZxid,
  })
  const plain = world.servers[1].client()
  plain.sendConnect()
  assert.equal(plain.takeFrames()[0].length, 37)
  sendQuestion(plain, [])
  assert.deepEqual(
    plain.takeReplies().map(({ err }) => err),
    [ErrorCode.Unimplemented],
  )
})

test('a question that can not be read is refused', () => {
  const client = new TestEnsemble().leading.connectedClient({ capabilities })
  assert.equal(client.ask(OpCode.outcomes, noRecord, {}).err, ErrorCode.MarshallingError)
  assert.deepEqual(askFor(client, []), [])
})
