import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  encode,
  ErrorCode,
  multiResponse,
  OpCode,
  type OutcomeAnswer,
  type OutcomesRequest,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
} from '@quorate/protocol'
import { SessionLoss, ZooKeeper } from '../src/index.ts'
import { type FakeLink, FakeWorld, type SeenRequest } from './support/fake-world.ts'
import { pathBody, statBody } from './support/records.ts'
import { type Settled, settled } from './support/settled.ts'

const timeout = 30_000
const outcomes = { writesMax: 256, zxid: 100 }
const lost = { id: 0xaan, password: new Uint8Array(16).fill(7) }

let world: FakeWorld
let zk: ZooKeeper

function codeOf({ error }: Settled): readonly unknown[] {
  return [error?.code, error?.applied]
}

async function start(options: { readonly onExpired?: 'renew'; readonly servers?: string } = {}) {
  const { servers = 'a:1', ...rest } = options
  zk = new ZooKeeper(servers, { timeout, ...rest }, world)
  zk.connect()
  world.lastLink.accept({ id: lost.id, outcomes })
  await world.settle()
}

/** The connection is lost with what was sent on it, and the next server knows no such session. */
async function expire(): Promise<void> {
  await world.settle()
  world.lastLink.break(new Error('cut'))
  await dialled()
  world.lastLink.accept({ id: 0n, timeOut: 0 })
  await world.settle()
  assert.equal(world.links.at(-1)?.isClosed, false, 'somebody dials to ask')
}

async function dialled(): Promise<void> {
  while (world.lastLink.isClosed) await world.advance(50)
}

/** A server takes the session that asks. */
async function taken(terms: typeof outcomes | null = outcomes): Promise<FakeLink> {
  await dialled()
  const { lastLink } = world
  const { sessionId } = lastLink.accept(
    terms === null ? { id: 0xbbn } : { id: 0xbbn, outcomes: terms },
  )
  assert.notEqual(sessionId, lost.id)
  await world.settle()
  return lastLink
}

async function asked(
  link: FakeLink,
): Promise<{ readonly xid: number; readonly request: OutcomesRequest }> {
  await world.settle()
  const [question] = link.requests().filter(({ type }) => type === OpCode.outcomes)
  assert.ok(question !== undefined, 'the servers are asked')
  const request = question.body(outcomesRequest)
  assert.deepEqual(request.ended, { id: lost.id, passwd: lost.password })
  return { xid: question.xid, request }
}

type Told = Omit<OutcomeAnswer, 'xid'>

async function tell(link: FakeLink, ...told: readonly Told[]): Promise<void> {
  const { xid, request } = await asked(link)
  assert.equal(request.questions.length, told.length)
  const answers = told.map((one, at) => ({ ...one, xid: request.questions[at].xid }))
  link.reply(xid, { zxid: 120, body: encode(outcomesResponse, answers) })
  await world.settle()
}

function appliedWith(body: Uint8Array | null, err = 0): Told {
  return { state: OutcomeState.applied, zxid: 101, err, body }
}

const never = { state: OutcomeState.neverApplied, zxid: 0, err: 0, body: null }
const unknown = { state: OutcomeState.unknown, zxid: 0, err: 0, body: null }
const undecided = { state: OutcomeState.undecided, zxid: 0, err: 0, body: null }

function typesOf(requests: readonly SeenRequest[]): readonly number[] {
  return requests.map(({ type }) => type)
}

beforeEach(() => {
  world = new FakeWorld()
})

describe('a write that was unanswered when its session was lost', () => {
  it('is settled with what became of it, which another session asks for', async () => {
    await start()
    const calls = [
      zk.create('/a-', 'x', { sequential: true }),
      zk.set('/b', 'x'),
      zk.delete('/c'),
      zk.create('/d', 'x'),
    ].map(settled)
    await expire()
    assert.equal(zk.state, 'expired')
    assert.deepEqual(calls, [{}, {}, {}, {}])
    const link = await taken()
    await tell(
      link,
      appliedWith(pathBody('/a-0000000007')),
      appliedWith(statBody),
      appliedWith(null, ErrorCode.NoNode),
      never,
    )
    assert.equal(calls[0].value, '/a-0000000007')
    assert.equal((calls[1].value as { version: number }).version, 5)
    assert.deepEqual(codeOf(calls[2]), ['NoNode', 'no'])
    assert.deepEqual(codeOf(calls[3]), ['SessionExpired', 'no'])
    assert.ok(calls[3].error?.cause instanceof SessionLoss)
    assert.deepEqual(typesOf(link.requests()), [OpCode.closeSession], 'it was made to ask')
  })

  it('is asked about when the loss has been told', async () => {
    await start()
    settled(zk.set('/b', 'x'))
    let linksWhenTold = 0
    zk.on('state', ({ state }) => {
      if (state === 'expired') linksWhenTold = world.links.length
    })
    await expire()
    assert.equal(world.links.length, linksWhenTold + 1)
  })

  it('is asked about by the session that takes the place of the lost one', async () => {
    await start({ onExpired: 'renew' })
    const call = settled(zk.set('/b', 'x'))
    await expire()
    const link = await taken()
    await tell(link, appliedWith(statBody))
    assert.equal((call.value as { version: number }).version, 5)
    assert.deepEqual(link.requests(), [])
    assert.equal(zk.state, 'connected')
  })

  it('is asked about again by the next session when that one is lost too', async () => {
    await start({ onExpired: 'renew' })
    const call = settled(zk.delete('/b'))
    await expire()
    await asked(await taken())
    await expire()
    const link = await taken()
    await world.advance(timeout / 20)
    await tell(link, appliedWith(null))
    assert.ok('value' in call)
  })

  it('is rejected when it made a node that is gone with the session', async () => {
    await start()
    const alone = settled(zk.create('/a', 'x', { ephemeral: true }))
    const amongOthers = settled(
      zk.transaction().create('/b', 'x', { ephemeral: true }).set('/c', 'x').commit(),
    )
    const failed = settled(zk.create('/d', 'x', { ephemeral: true }))
    await expire()
    const body = encode(multiResponse, [
      { type: OpCode.create, path: '/b' },
      { type: OpCode.check },
    ])
    await tell(
      await taken(),
      appliedWith(pathBody('/a')),
      appliedWith(body),
      appliedWith(null, ErrorCode.NodeExists),
    )
    assert.deepEqual(codeOf(alone), ['SessionExpired', 'no'])
    assert.deepEqual(codeOf(amongOthers), ['SessionExpired', 'unknown'])
    assert.deepEqual(codeOf(failed), ['NodeExists', 'no'])
  })

  it('is asked about until the servers know that the session is over', async () => {
    await start()
    const calls = [zk.delete('/a'), zk.delete('/b')].map(settled)
    await expire()
    const link = await taken()
    await tell(link, undecided, appliedWith(null))
    assert.ok('value' in calls[1])
    assert.deepEqual(calls[0], {})
    await world.advance(timeout / 20)
    await tell(link, never)
    assert.deepEqual(codeOf(calls[0]), ['SessionExpired', 'no'])
  })

  it('is asked about less and less often', async () => {
    await start()
    const call = settled(zk.delete('/a'))
    await expire()
    const link = await taken()
    let count = 0
    for (let ms = 0; ms <= 2 * timeout; ms += 100) {
      for (const request of link.requests()) {
        if (request.type !== OpCode.outcomes) continue
        count++
        const [{ xid: write }] = request.body(outcomesRequest).questions
        const answers = [{ ...undecided, xid: write }]
        link.reply(request.xid, { zxid: 120, body: encode(outcomesResponse, answers) })
      }
      await world.advance(100)
    }
    assert.deepEqual(codeOf(call), ['SessionExpired', 'unknown'])
    assert.ok(count >= 9 && count <= 11, `${count} questions`)
  })

  it('is asked about elsewhere when a server has forgotten it, and when it can not be asked', async () => {
    await start({ servers: 'a:1,b:1,c:1' })
    const call = settled(zk.delete('/a'))
    await expire()
    await taken(null)
    await tell(await taken(), unknown)
    await tell(await taken(), appliedWith(null))
    assert.ok('value' in call)
  })

  it('is unknown when no server knows any more', async () => {
    await start({ servers: 'a:1,b:1' })
    const call = settled(zk.delete('/a'))
    await expire()
    await tell(await taken(), unknown)
    assert.deepEqual(call, {})
    await tell(await taken(), unknown)
    assert.deepEqual(codeOf(call), ['SessionExpired', 'unknown'])
  })

  it('is unknown when nobody could be asked for two session timeouts', async () => {
    await start()
    const call = settled(zk.delete('/a'))
    await expire()
    await world.advance(2 * timeout - 100)
    assert.deepEqual(call, {})
    await world.advance(200)
    assert.deepEqual(codeOf(call), ['SessionExpired', 'unknown'])
    while (!world.lastLink.isClosed) await world.advance(timeout)
    assert.equal(world.alarmCount, 0, 'nobody tries any longer')
  })

  it('is rejected at its deadline all the same', async () => {
    await start()
    const call = settled(zk.delete('/a', { deadlineMs: 2_000 }))
    await expire()
    await taken()
    await world.advance(2_000)
    assert.deepEqual(codeOf(call), ['OperationTimeout', 'unknown'])
  })

  it('is unknown when the client is closed, and nothing is left', async () => {
    await start()
    const call = settled(zk.delete('/a'))
    await expire()
    await zk.close()
    await world.settle()
    assert.deepEqual(codeOf(call), ['SessionExpired', 'unknown'])
    assert.ok(world.lastLink.isClosed)
  })

  it('is unknown when the answer can not be read', async () => {
    await start()
    const call = settled(zk.delete('/a'))
    await expire()
    const link = await taken()
    const { xid } = await asked(link)
    link.reply(xid, { body: Uint8Array.of(0, 0, 0, 9) })
    await world.settle()
    assert.deepEqual(codeOf(call), ['SessionExpired', 'unknown'])
  })
})

describe('an expired session that left no write', () => {
  it('is the end of all connections', async () => {
    await start()
    const read = settled(zk.get('/a'))
    await world.settle()
    world.lastLink.break(new Error('cut'))
    await dialled()
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    await world.advance(timeout)
    assert.deepEqual(codeOf(read), ['SessionExpired', 'no'])
    assert.ok(world.lastLink.isClosed)
  })

  it('that was sent to a server that remembers nothing is asked about nowhere', async () => {
    zk = new ZooKeeper('a:1', { timeout }, world)
    zk.connect()
    world.lastLink.accept({ id: lost.id })
    await world.settle()
    const call = settled(zk.delete('/a'))
    await world.settle()
    world.lastLink.break(new Error('cut'))
    await dialled()
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    await world.settle()
    assert.deepEqual(codeOf(call), ['ConnectionLoss', 'unknown'])
    assert.ok(world.lastLink.isClosed)
  })
})
