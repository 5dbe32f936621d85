import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  createRequest,
  encode,
  ErrorCode,
  OpCode,
  type OutcomeAnswer,
  type OutcomeQuestion,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { type FakeLink, FakeWorld, type SeenRequest } from './support/fake-world.ts'
import { dataBody, pathBody, statBody } from './support/records.ts'
import { settled } from './support/settled.ts'

const timeout = 30_000
const terms = { writesMax: 3, zxid: 100 }

let world: FakeWorld
let zk: ZooKeeper

async function connected(outcomes: typeof terms | null = terms): Promise<FakeLink> {
  zk.connect()
  world.lastLink.accept(outcomes === null ? {} : { outcomes })
  await world.settle()
  return world.lastLink
}

/** The connection is lost, and another server takes the session. */
async function movedOn(outcomes: typeof terms | null = terms): Promise<FakeLink> {
  world.lastLink.break(new Error('cut'))
  return await dialledAgain(outcomes)
}

async function dialledAgain(outcomes: typeof terms | null = terms): Promise<FakeLink> {
  while (world.lastLink.isClosed) await world.advance(50)
  world.lastLink.accept(outcomes === null ? {} : { outcomes })
  await world.settle()
  return world.lastLink
}

function isQuestion({ type }: SeenRequest): boolean {
  return type === OpCode.outcomes
}

function questionOf(requests: readonly SeenRequest[]): {
  readonly xid: number
  readonly questions: readonly OutcomeQuestion[]
} {
  assert.deepEqual(
    requests.map(({ type }) => type),
    [OpCode.outcomes],
    'nothing else goes out before the answer',
  )
  const [request] = requests
  return { xid: request.xid, questions: request.body(outcomesRequest).questions }
}

const applied = { state: OutcomeState.applied, zxid: 101, err: 0, body: null }
const never = { state: OutcomeState.neverApplied, zxid: 0, err: 0, body: null }
const unknown = { state: OutcomeState.unknown, zxid: 0, err: 0, body: null }

/** Answers the question that is there with these outcomes, in the order of what was asked. */
async function tell(
  link: FakeLink,
  outcomes: readonly Omit<OutcomeAnswer, 'xid'>[],
): Promise<void> {
  const { xid, questions } = questionOf(link.requests())
  assert.equal(questions.length, outcomes.length)
  const answers = outcomes.map((outcome, at) => ({ ...outcome, xid: questions[at].xid }))
  link.reply(xid, { zxid: 120, body: encode(outcomesResponse, answers) })
  await world.settle()
}

beforeEach(() => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1,b:2,c:3', { timeout }, world)
})

describe('a write that was lost with its connection', () => {
  it('is settled with what its reply would have said', async () => {
    const first = await connected()
    const created = settled(zk.create('/a-', 'x', { sequential: true }))
    const set = settled(zk.set('/b', 'x'))
    const removed = settled(zk.delete('/c'))
    await world.settle()
    const xids = first.requests().map(({ xid }) => xid)
    const second = await movedOn()
    const { xid, questions } = questionOf(second.requests())
    assert.deepEqual(
      questions,
      xids.map((sent) => ({ xid: sent, after: 100 })),
    )
    const bodies = [pathBody('/a-0000000007'), statBody, null]
    const errs = [0, 0, ErrorCode.NoNode]
    const answers = xids.map((sent, at) => ({
      ...applied,
      xid: sent,
      err: errs[at],
      body: bodies[at],
    }))
    second.reply(xid, { zxid: 130, body: encode(outcomesResponse, answers) })
    await world.settle()
    assert.equal(created.value, '/a-0000000007')
    assert.equal((set.value as { version: number }).version, 5)
    assert.deepEqual([removed.error?.code, removed.error?.applied], ['NoNode', 'no'])
    assert.deepEqual(second.requests(), [], 'nothing is sent again')
  })

  it('is sent again as another request when it was never applied, in its place', async () => {
    const first = await connected()
    const calls = [zk.create('/a', 'x'), zk.get('/r'), zk.create('/b', 'y')].map(settled)
    await world.settle()
    const [lost] = first.requests()
    world.lastLink.break(new Error('cut'))
    const later = settled(zk.create('/c', 'z'))
    while (world.lastLink.isClosed) await world.advance(50)
    world.lastLink.accept({ outcomes: terms })
    await world.settle()
    const second = world.lastLink
    const meanwhile = settled(zk.get('/m'))
    await world.settle()
    await tell(second, [never, never])
    const sent = second.requests()
    assert.deepEqual(
      sent.map(({ type }) => type),
      [OpCode.create, OpCode.getData, OpCode.create, OpCode.create, OpCode.getData],
    )
    assert.ok(sent.every(({ xid }) => xid > lost.xid + 2))
    assert.deepEqual(
      [0, 2, 3].map((at) => sent[at].body(createRequest).path),
      ['/a', '/b', '/c'],
    )
    for (const { xid, type } of sent)
      second.reply(xid, { body: type === OpCode.create ? pathBody('/p') : dataBody('v') })
    await world.settle()
    assert.deepEqual(
      [...calls, later, meanwhile].map(({ value }) => value),
      ['/p', 'v', '/p', '/p', 'v'],
    )
  })

  it('is asked for elsewhere when the server does not know any more', async () => {
    await connected()
    const calls = [settled(zk.create('/a', 'x')), settled(zk.create('/b', 'x'))]
    await world.settle()
    await tell(await movedOn(), [unknown, { ...applied, body: pathBody('/b') }])
    assert.ok(world.lastLink.isClosed)
    await tell(await dialledAgain(), [never, { ...applied, body: pathBody('/b') }])
    assert.deepEqual([calls[0].error?.code, calls[0].error?.applied], ['ConnectionLoss', 'no'])
    assert.equal(calls[1].value, '/b')
  })

  it('is unknown when none of the servers knows any more', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    await tell(await movedOn(), [unknown])
    await tell(await dialledAgain(), [unknown])
    assert.deepEqual(call, {})
    await tell(await dialledAgain(), [unknown])
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'unknown'])
    assert.ok(!world.lastLink.isClosed)
  })

  it('is not sent again when its caller wants no such thing', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x', { resend: false }))
    await world.settle()
    const second = await movedOn()
    await tell(second, [never])
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'no'])
    assert.deepEqual(second.requests(), [])
  })

  it('is not sent again as a step of a longer call either', async () => {
    await connected()
    const call = settled(zk.create('/a/b', 'x', { createParents: true, resend: false }))
    await world.settle()
    const second = await movedOn()
    await tell(second, [never])
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'no'])
    assert.deepEqual(second.requests(), [])
  })

  it('is not sent behind a later one that was applied', async () => {
    await connected()
    const refused = settled(zk.create('/a', 'x'))
    const done = settled(zk.create('/b', 'x'))
    await world.settle()
    const second = await movedOn()
    await tell(second, [never, { ...applied, body: pathBody('/b') }])
    assert.deepEqual([refused.error?.code, refused.error?.applied], ['ConnectionLoss', 'no'])
    assert.equal(done.value, '/b')
    assert.deepEqual(second.requests(), [])
  })

  it('is asked for again when the question is lost too', async () => {
    const first = await connected()
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    const [{ xid }] = first.requests()
    const second = await movedOn()
    assert.ok(second.requests().every(isQuestion))
    const third = await movedOn()
    const asked = questionOf(third.requests())
    assert.deepEqual(asked.questions, [{ xid, after: 100 }])
    assert.ok(asked.xid > xid + 1)
    const answers = [{ ...applied, xid, body: pathBody('/a') }]
    third.reply(asked.xid, { body: encode(outcomesResponse, answers) })
    await world.settle()
    assert.equal(call.value, '/a')
  })

  it('is asked for no more once its deadline has passed', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x', { deadlineMs: 10 }))
    await world.settle()
    const second = await movedOn()
    assert.deepEqual([call.error?.code, call.error?.applied], ['OperationTimeout', 'unknown'])
    assert.deepEqual(second.requests(), [])
  })

  it('is unknown when the next server can not be asked', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    const second = await movedOn(null)
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'unknown'])
    assert.match(String(call.error?.cause), /cut/)
    assert.deepEqual(second.requests(), [])
  })

  it('is unknown at once when it was sent to a server that can not be asked', async () => {
    await connected(null)
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    world.lastLink.break(new Error('cut'))
    await world.settle()
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'unknown'])
  })

  it('is unknown when the session ends before the answer', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    world.lastLink.break(new Error('cut'))
    while (call.error === undefined) {
      if (!world.lastLink.isClosed) world.lastLink.break(new Error('refused'))
      await world.advance(200)
    }
    assert.deepEqual([call.error?.code, call.error?.applied], ['SessionExpired', 'unknown'])
  })

  it('is unknown when the question fails', async () => {
    await connected()
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    const second = await movedOn()
    second.reply(questionOf(second.requests()).xid, { err: ErrorCode.SystemError })
    await world.settle()
    assert.deepEqual([call.error?.code, call.error?.applied], ['ConnectionLoss', 'unknown'])
  })

  it('is asked for by the transaction that was known when it was sent', async () => {
    const first = await connected()
    const read = zk.get('/r')
    await world.settle()
    first.reply(first.requests()[0].xid, { zxid: 107, body: dataBody('v') })
    await read
    const call = settled(zk.create('/a', 'x'))
    await world.settle()
    const second = await movedOn()
    const [question] = second.requests()
    assert.equal(question.body(outcomesRequest).questions[0].after, 107)
    assert.equal(call.error, undefined)
  })

  it('is sent again with the bytes that it had, whatever its caller has done with them', async () => {
    const bytes = new ZooKeeper('a', { codec: 'bytes' }, world)
    const data = Uint8Array.of(1, 2, 3)
    const call = settled(bytes.create('/a', data))
    world.lastLink.accept({ outcomes: terms })
    await world.settle()
    data.fill(9)
    const second = settled(bytes.create('/b', data))
    await world.settle()
    data.fill(7)
    const link = await movedOn()
    await tell(link, [never, never])
    const sent = link.requests().map((request) => request.body(createRequest))
    assert.deepEqual(
      sent.map((create) => [...(create.data ?? [])]),
      [
        [1, 2, 3],
        [9, 9, 9],
      ],
    )
    assert.deepEqual([call, second], [{}, {}])
  })
})

describe('writes on their way', () => {
  it('are never more than the server keeps outcomes of', async () => {
    const link = await connected()
    const calls = Array.from({ length: 8 }, (_, i) => settled(zk.create(`/${i}`, 'x')))
    const read = settled(zk.get('/r'))
    await world.settle()
    const seen: SeenRequest[] = [...link.requests()]
    assert.equal(seen.length, 3)
    for (let at = 0; at < seen.length; at++) {
      const { xid, type } = seen[at]
      link.reply(xid, { body: type === OpCode.create ? pathBody(`/p${at}`) : dataBody('v') })
      await world.settle()
      seen.push(...link.requests())
      assert.ok(seen.filter((one) => one.type === OpCode.create).length - at - 1 <= 3)
    }
    assert.deepEqual(
      calls.map(({ value }) => value),
      calls.map((_, i) => `/p${i}`),
    )
    assert.equal(read.value, 'v')
    assert.equal(seen.at(-1)?.type, OpCode.getData, 'a read stays behind the writes before it')
  })

  it('count until they are answered, though their callers may have given up', async () => {
    const link = await connected()
    const calls = Array.from({ length: 4 }, (_, i) =>
      settled(zk.create(`/${i}`, 'x', i < 3 ? { deadlineMs: 5 } : {})),
    )
    await world.advance(10)
    assert.equal(link.requests().length, 3)
    assert.ok(calls.slice(0, 3).every(({ error }) => error?.code === 'OperationTimeout'))
    assert.deepEqual(calls[3], {})
  })

  it('are all sent before the session is closed', async () => {
    const link = await connected()
    const calls = Array.from({ length: 5 }, (_, i) => settled(zk.create(`/${i}`, 'x')))
    const closed = settled(zk.close())
    await world.settle()
    for (let i = 0; i < 5; i++) {
      await world.settle()
      for (const { xid, type } of link.requests())
        link.reply(xid, type === OpCode.create ? { body: pathBody('/p') } : {})
    }
    await world.settle()
    assert.ok(calls.every(({ value }) => value === '/p'))
    assert.ok('value' in closed)
  })
})

describe('a session that was taken over', () => {
  it('sends nothing before no request of its former owner can be carried out any more', async () => {
    const session = { id: 0x1234n as never, password: new Uint8Array(16).fill(7) }
    const other = new ZooKeeper('a', { session }, world)
    const call = settled(other.create('/a', 'x'))
    world.lastLink.accept({ outcomes: terms })
    await world.settle()
    const link = world.lastLink
    const { xid, questions } = questionOf(link.requests())
    assert.deepEqual(questions, [])
    link.reply(xid, { zxid: 150, body: encode(outcomesResponse, []) })
    await world.settle()
    assert.equal(link.requests().length, 1)
    const next = await movedOn()
    assert.deepEqual(
      questionOf(next.requests()).questions.map(({ after }) => after),
      [150],
    )
    assert.deepEqual(call, {})
  })

  it('gives a write up that servers close connections for, and then those behind it go on', async () => {
    await connected()
    const poison = settled(zk.create('/too-large'))
    const behind = settled(zk.create('/b'))
    await world.settle()
    for (let losses = 1; losses <= 5; losses++) {
      assert.equal(poison.error, undefined)
      await tell(await movedOn(), [never, never])
    }
    assert.equal(poison.error?.code, 'ConnectionLoss')
    assert.equal(poison.error?.applied, 'no')
    assert.equal(behind.error, undefined)
  })

  it('gives a read up that servers close connections for', async () => {
    await connected(null)
    const read = settled(zk.get('/a'))
    await world.settle()
    for (let losses = 1; losses <= 5; losses++) {
      assert.equal(read.error, undefined)
      await movedOn(null)
    }
    assert.equal(read.error?.code, 'ConnectionLoss')
  })
})
