import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  addWatchRequest,
  authPacket,
  createRequest,
  ErrorCode,
  EventType,
  OpCode,
  pathWatchRequest,
  setWatchesRequest,
  setWatches2Request,
} from '@quorate/protocol'
import { type StateChange, ZooKeeper, type ZooKeeperError } from '../src/index.ts'
import { eventFrame, FakeWorld, frame, replyFrame } from './support/fake-world.ts'
import { dataBody, pathBody, statBody } from './support/records.ts'

const timeout = 30_000

let world: FakeWorld
let zk: ZooKeeper
let states: StateChange['state'][]

beforeEach(() => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1,b:2,c:3', { timeout }, world)
  states = []
  zk.on('state', ({ state }) => states.push(state))
})

async function connected(): Promise<void> {
  zk.connect()
  world.lastLink.accept()
  await world.settle()
}

/** The failure of a call, seen without waiting for it. */
function failure(call: Promise<unknown>): { error?: ZooKeeperError; value?: unknown } {
  const seen: { error?: ZooKeeperError; value?: unknown } = {}
  call.then(
    (value) => (seen.value = value),
    (error: ZooKeeperError) => (seen.error = error),
  )
  return seen
}

describe('connecting', () => {
  it('starts with the first call', async () => {
    assert.equal(world.links.length, 0)
    assert.equal(zk.state, 'idle')
    const value = zk.get('/a')
    assert.equal(zk.state, 'connecting')
    const request = world.lastLink.accept()
    assert.deepEqual([request.timeOut, request.sessionId, request.readOnly], [timeout, 0n, false])
    await world.settle()
    const [get] = world.lastLink.requests()
    world.lastLink.reply(get.xid, { body: dataBody('x') })
    assert.equal(await value, 'x')
    assert.deepEqual(states, ['connecting', 'connected'])
  })

  it('tries one server after the other, and then gives up until the next call', async () => {
    const get = failure(zk.get('/a'))
    while (zk.state === 'connecting') {
      if (!world.lastLink.isClosed) world.lastLink.break(new Error('refused'))
      await world.advance(100)
    }
    assert.equal(new Set(world.links.map((link) => link.server.host)).size, 3)
    assert.equal(get.error?.code, 'ConnectionLoss')
    assert.equal(get.error.applied, 'no')
    assert.match(String(get.error.cause), /refused/)
    assert.equal(world.alarmCount, 0)

    const again = zk.get('/a')
    world.lastLink.accept()
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid, { body: dataBody('x') })
    assert.equal(await again, 'x')
  })

  it('leaves a server that accepts and never answers', async () => {
    zk.connect()
    const [silent] = world.links
    silent.open()
    await world.advance(timeout / 3 + 100)
    assert.ok(silent.isClosed)
    assert.equal(world.links.length, 2)
  })

  it('leaves a read-only server of Apache that gives no session, and says so if there is no other', async () => {
    const get = failure(zk.get('/a'))
    while (zk.state === 'connecting') {
      if (!world.lastLink.isClosed) {
        world.lastLink.open()
        // It answers with the header of a reply.
        world.lastLink.receive(replyFrame(0, { zxid: 0x1_0000_000b, err: -119 }))
        assert.ok(world.lastLink.isClosed)
      }
      await world.advance(10)
    }
    assert.equal(new Set(world.links.map((link) => link.server.host)).size, 3)
    assert.equal(get.error?.code, 'ConnectionLoss')
    assert.equal(get.error.applied, 'no')
    assert.match(get.error.message, /takes no session: .*read-only.*localSessionsEnabled/)
  })

  it('leaves a server that refuses the connect request with another error', async () => {
    zk.connect()
    const [refusing] = world.links
    refusing.open()
    refusing.receive(replyFrame(0, { err: -1 }))
    await world.advance(100)
    assert.ok(refusing.isClosed)
    assert.equal(world.links.length, 2)
  })

  it('takes a session over', async () => {
    const password = new Uint8Array(16).fill(9)
    const other = new ZooKeeper('a', { session: { id: 5n as never, password } }, world)
    other.connect()
    const request = world.lastLink.accept({ id: 5n })
    assert.equal(request.sessionId, 5n)
    assert.deepEqual(request.passwd, password)
    assert.equal(other.sessionId, 5n)
  })
})

describe('a connection', () => {
  beforeEach(connected)

  it('sends what is called in one turn as one write', async () => {
    const before = world.lastLink.writes.length
    void failure(zk.get('/a'))
    void failure(zk.create('/b', 'x'))
    void failure(zk.children('/'))
    await world.settle()
    assert.equal(world.lastLink.writes.length, before + 1)
    assert.deepEqual(
      world.lastLink.requests().map(({ xid, type }) => [xid, type]),
      [
        [1, OpCode.getData],
        [2, OpCode.create],
        [3, OpCode.getChildren],
      ],
    )
  })

  it('leaves the bytes alone that it has handed to the link', async () => {
    const before = world.lastLink.writes.length
    for (const path of ['/a', '/b', `/${'c'.repeat(2_000)}`, '/d']) {
      void failure(zk.get(path))
      await world.settle()
    }
    assert.equal(world.lastLink.writes.length, before + 4)
    assert.deepEqual(
      world.lastLink.requests().map(({ xid, type }) => [xid, type]),
      [1, 2, 3, 4].map((xid) => [xid, OpCode.getData]),
    )
  })

  it('tells events and replies in the order of the wire', async () => {
    const seen: string[] = []
    zk.on('change', ({ path, zxid }) => seen.push(`event ${path} ${zxid}`))
    const first = zk.get('/a', { watch: true }).then(() => seen.push('first reply'))
    const second = zk.get('/b').then(() => seen.push('second reply'))
    await world.settle()
    const [a, b] = world.lastLink.requests()
    world.lastLink.receive(
      replyFrame(a.xid, { zxid: 5, body: dataBody('x') }),
      eventFrame(EventType.nodeDataChanged, '/a', 6),
      replyFrame(b.xid, { zxid: 6, body: dataBody('y') }),
    )
    await Promise.all([first, second])
    assert.deepEqual(seen, ['first reply', 'event /a 6', 'second reply'])
    assert.equal(zk.lastZxid, 6)
  })

  it('is kept alive by pings at a third of the timeout', async () => {
    world.lastLink.requests()
    await world.advance(timeout / 3 + 1)
    assert.deepEqual(
      world.lastLink.requests().map(({ xid, type }) => [xid, type]),
      [[-2, OpCode.ping]],
    )
  })

  it('is given up after two thirds of the timeout in silence', async () => {
    const { lastLink } = world
    await world.advance((timeout * 2) / 3 - 1)
    assert.equal(zk.state, 'connected')
    await world.advance(2)
    assert.equal(zk.state, 'disconnected')
    assert.ok(lastLink.isClosed)
  })

  it('outlives a stall of this process: the server is asked before it is condemned', async () => {
    world.stall(timeout * 0.9)
    await world.advance(1)
    assert.equal(zk.state, 'connected')
    const ping = world.lastLink.requests().at(-1)
    assert.equal(ping?.type, OpCode.ping)
    world.lastLink.reply(ping.xid)
    await world.advance(timeout / 3 - 10)
    assert.equal(zk.state, 'connected')
  })

  it('lives from when the request went out that was answered, however late the answer is handled', async () => {
    const connectedAtMs = zk.confirmedAtMs
    world.stall(10)
    const reading = zk.exists('/')
    await world.settle()
    const askedAtMs = world.clock.nowMs()
    assert.equal(zk.confirmedAtMs, connectedAtMs)
    world.stall(timeout * 2)
    const [request] = world.lastLink.requests().slice(-1)
    world.lastLink.event(EventType.nodeDataChanged, '/a')
    assert.equal(zk.confirmedAtMs, connectedAtMs)
    world.lastLink.reply(request.xid, { err: ErrorCode.NoNode })
    await reading
    assert.equal(zk.confirmedAtMs, askedAtMs)
  })

  it('is confirmed by the answer to a ping', async () => {
    await world.advance(timeout / 3 + 1)
    const [ping] = world.lastLink.requests().slice(-1)
    const askedAtMs = world.clock.nowMs() - 1
    world.stall(50)
    world.lastLink.reply(ping.xid)
    assert.equal(zk.confirmedAtMs, askedAtMs)
  })

  it('ends when the server answers what was not asked', async () => {
    const { lastLink } = world
    lastLink.reply(77)
    assert.ok(lastLink.isClosed)
    assert.equal(zk.state, 'disconnected')
  })

  it('ends when a frame has a negative length', () => {
    world.lastLink.receive(new Uint8Array([255, 255, 255, 255]))
    assert.equal(zk.state, 'disconnected')
  })

  it('survives a listener that throws', async () => {
    const thrown: unknown[] = []
    const unexpected = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.once('unhandledRejection', (error) => thrown.push(error))
    const get = zk.get('/a', {
      watch: () => {
        throw new Error('a bug of the listener')
      },
    })
    await world.settle()
    const { xid } = world.lastLink.requests()[0]
    world.lastLink.receive(
      replyFrame(xid, { body: dataBody('x') }),
      eventFrame(EventType.nodeDataChanged, '/a'),
    )
    assert.equal(await get, 'x')
    await world.settle()
    for (const listener of unexpected) process.on('unhandledRejection', listener)
    assert.match(String(thrown[0]), /a bug of the listener/)
    assert.equal(zk.state, 'connected')
  })
})

describe('a lost connection', () => {
  beforeEach(connected)

  it('keeps the reads, and tells of writes that nobody knows', async () => {
    const before = world.lastLink
    const get = zk.get('/a')
    const set = failure(zk.set('/b', 'x'))
    const exists = zk.exists('/c')
    await world.settle()
    assert.deepEqual(
      before.requests().map(({ type }) => type),
      [OpCode.getData, OpCode.setData, OpCode.exists],
    )
    before.break(new Error('reset'))
    const late = zk.set('/d', 'x')
    await world.advance(100)
    assert.equal(set.error?.code, 'ConnectionLoss')
    assert.deepEqual([set.error.applied, set.error.retryable], ['unknown', true])
    assert.match(set.error.message, /may have carried it out/)

    const after = world.lastLink
    const request = after.accept()
    assert.equal(request.sessionId, 0x1234n)
    await world.settle()
    const sent = after.requests()
    assert.deepEqual(
      sent.map(({ type }) => type),
      [OpCode.getData, OpCode.exists, OpCode.setData],
    )
    after.reply(sent[0].xid, { body: dataBody('x') })
    after.reply(sent[1].xid, { err: -101 })
    after.reply(sent[2].xid, { body: statBody })
    assert.deepEqual([await get, await exists, (await late).version], ['x', null, 5])
    assert.deepEqual(states, ['connecting', 'connected', 'disconnected', 'connected'])
  })

  it('is asked again for what may be missing of the transaction of the last event', async () => {
    void failure(zk.get('/a', { watch: true }))
    void failure(zk.get('/b', { watch: true }))
    await world.settle()
    for (const { xid } of world.lastLink.requests())
      world.lastLink.reply(xid, { zxid: 9, body: dataBody('x') })
    // Both are changed by transaction 12, and the connection is lost between the two events.
    world.lastLink.receive(eventFrame(EventType.nodeDataChanged, '/a', 12))
    await world.settle()
    assert.deepEqual([zk.lastZxid, zk.completeZxid], [12, 11])

    world.lastLink.break()
    await world.advance(100)
    assert.equal(world.lastLink.accept().lastZxidSeen, 12)
    await world.settle()
    const [setWatches] = world.lastLink.requests()
    const { relativeZxid, dataWatches } = setWatches.body(setWatchesRequest)
    assert.deepEqual([relativeZxid, dataWatches], [11, ['/b']])
  })

  it('is made good with credentials and watches before anything else', async () => {
    const auth = zk.addAuth('digest', 'bob:secret')
    const get = zk.get('/a', { watch: true })
    const missing = zk.exists('/b', { watch: true })
    await world.settle()
    const [packet, a, b] = world.lastLink.requests()
    world.lastLink.reply(packet.xid)
    world.lastLink.reply(a.xid, { zxid: 9, body: dataBody('x') })
    world.lastLink.reply(b.xid, { zxid: 9, err: -101 })
    await Promise.all([auth, get, missing])

    world.lastLink.break()
    const late = failure(zk.get('/late'))
    await world.advance(100)
    const request = world.lastLink.accept()
    assert.equal(request.lastZxidSeen, 9)
    await world.settle()
    const sent = world.lastLink.requests()
    assert.deepEqual(
      sent.map(({ xid, type }) => [xid, type]),
      [
        [-4, OpCode.auth],
        [-8, OpCode.setWatches],
        [3, OpCode.getData],
      ],
    )
    assert.equal(sent[0].body(authPacket).scheme, 'digest')
    assert.deepEqual(sent[1].body(setWatchesRequest), {
      relativeZxid: 9,
      dataWatches: ['/a'],
      existWatches: ['/b'],
      childWatches: [],
    })
    assert.equal(late.error, undefined)
  })

  it('becomes a gap in a stream of changes', async () => {
    const stream = zk.watch('/a', { recursive: true })
    await world.settle()
    const request = world.lastLink.requests()[0]
    assert.equal(request.body(addWatchRequest).mode, 1)
    world.lastLink.reply(request.xid, { body: new Uint8Array(4) })
    world.lastLink.event(EventType.nodeCreated, '/a/b')
    assert.equal((await stream.next()).value?.type, 'nodeCreated')

    world.lastLink.break()
    await world.advance(100)
    world.lastLink.accept()
    await world.settle()
    const [setWatches] = world.lastLink.requests()
    assert.equal(setWatches.type, OpCode.setWatches2)
    assert.deepEqual(setWatches.body(setWatches2Request).persistentRecursiveWatches, ['/a'])
    assert.deepEqual(await stream.next(), { done: false, value: { type: 'gap', path: '/a' } })
  })

  it('does not end a stream, however often it comes before its watch is set', async () => {
    const stream = zk.watch('/a')
    await world.settle()
    for (let i = 0; i < 7; i++) {
      assert.equal(world.lastLink.requests()[0]?.type, OpCode.addWatch)
      world.lastLink.break()
      await world.advance(3_000)
      world.lastLink.accept()
      await world.settle()
    }
    const [request] = world.lastLink.requests()
    world.lastLink.reply(request.xid, { body: new Uint8Array(4) })
    await world.settle()
    world.lastLink.event(EventType.nodeCreated, '/a')
    const types: (string | undefined)[] = []
    while (types.at(-1) !== 'nodeCreated') types.push((await stream.next()).value?.type)
    // What changed before the watch was set is not told: everything is to be read again after that.
    assert.ok(types.length > 1)
    assert.ok(types.slice(0, -1).every((type) => type === 'gap'))
  })

  it('is not held against a call that had not left, however often it comes', async () => {
    const get = zk.get('/a')
    await world.settle()
    for (let i = 0; i < 7; i++) {
      world.lastLink.break()
      await world.advance(3_000)
      world.lastLink.accept()
      if (i > 0) assert.deepEqual(world.lastLink.requests(), [])
    }
    await world.settle()
    const [request] = world.lastLink.requests()
    assert.equal(request.type, OpCode.getData)
    world.lastLink.reply(request.xid, { body: dataBody('x') })
    assert.equal(await get, 'x')
  })

  it('expires the session on our own clock when no server comes back', async () => {
    const set = failure(zk.set('/a', 'x'))
    const stream = zk.watch('/a')
    await world.settle()
    world.lastLink.break()
    const get = failure(zk.get('/a'))
    for (let ms = 0; ms < (timeout * 4) / 3; ms += 500) {
      if (!world.lastLink.isClosed) world.lastLink.break()
      await world.advance(500)
    }
    await world.advance(500)
    assert.equal(zk.state, 'expired')
    assert.equal(set.error?.code, 'ConnectionLoss')
    assert.equal(get.error?.code, 'SessionExpired')
    await assert.rejects(stream.next(), { code: 'SessionExpired' })
    await assert.rejects(zk.get('/a'), { code: 'SessionExpired', applied: 'no' })
    assert.equal(world.alarmCount, 0)
  })

  it('expires the session when a server no longer knows it', async () => {
    world.lastLink.break()
    const get = failure(zk.get('/a'))
    await world.advance(100)
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    await world.settle()
    assert.equal(zk.state, 'expired')
    assert.equal(get.error?.code, 'SessionExpired')
  })
})

describe('a call', () => {
  it('is settled by its deadline, whether it was sent or not', async () => {
    const unsent = failure(zk.set('/a', 'x', { deadlineMs: 50 }))
    await world.advance(51)
    assert.deepEqual([unsent.error?.code, unsent.error?.applied], ['OperationTimeout', 'no'])

    world.lastLink.accept()
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
    const sent = failure(zk.set('/a', 'x', { deadlineMs: 50 }))
    const read = failure(zk.get('/a', { deadlineMs: 50 }))
    await world.settle()
    await world.advance(51)
    assert.deepEqual([sent.error?.code, sent.error?.applied], ['OperationTimeout', 'unknown'])
    assert.equal(read.error?.applied, 'no')

    // The late answers are of no interest, and do no harm.
    for (const { xid } of world.lastLink.requests()) world.lastLink.reply(xid, { body: statBody })
    assert.equal(zk.state, 'connected')
  })

  it('is settled by its signal', async () => {
    await connected()
    const controller = new AbortController()
    const get = failure(zk.get('/a', { signal: controller.signal }))
    controller.abort(new Error('no longer needed'))
    await world.settle()
    assert.equal(get.error?.code, 'Aborted')
    assert.match(String(get.error.cause), /no longer needed/)
    await assert.rejects(zk.get('/a', { signal: controller.signal }), { code: 'Aborted' })
  })

  it('is refused when too many wait', async () => {
    const small = new ZooKeeper('a', { pendingMax: 2 }, world)
    void failure(small.get('/a'))
    void failure(small.get('/a'))
    await assert.rejects(small.get('/a'), { code: 'Overloaded', retryable: true, applied: 'no' })
  })

  it('is refused when it is longer than a server takes, and leaves its neighbours alone', async () => {
    const small = new ZooKeeper('a', { requestBytesMax: 100 }, world)
    small.connect()
    world.lastLink.accept()
    void failure(small.get('/before'))
    const long = failure(small.set('/a', 'x'.repeat(100)))
    void failure(small.get('/after'))
    await world.settle()
    assert.equal(long.error?.code, 'RequestTooLarge')
    assert.deepEqual(
      world.lastLink.requests().map((request) => request.body(pathWatchRequest).path),
      ['/before', '/after'],
    )
  })

  it('fails alone when its reply is too long', async () => {
    const small = new ZooKeeper('a', { replyBytesMax: 200 }, world)
    small.connect()
    world.lastLink.accept()
    const long = failure(small.get('/long'))
    const short = small.get('/short')
    await world.settle()
    world.lastLink.receive(
      replyFrame(1, { body: dataBody('x'.repeat(1000)) }),
      replyFrame(2, { body: dataBody('y') }),
    )
    assert.equal(await short, 'y')
    assert.equal(long.error?.code, 'ReplyTooLarge')
    assert.equal(small.state, 'connected')
  })

  it('fails alone when its reply cannot be decoded', async () => {
    await connected()
    const get = failure(zk.get('/a'))
    await world.settle()
    world.lastLink.reply(1, { body: new Uint8Array(2) })
    await world.settle()
    assert.equal(get.error?.code, 'MarshallingError')
    assert.equal(zk.state, 'connected')
  })

  it('keeps the bytes that it was given while it waits for a connection', async () => {
    const bytes = new ZooKeeper('a', { codec: 'bytes' }, world)
    const value = new Uint8Array([1, 2, 3])
    void failure(bytes.create('/a', value))
    value.fill(0)
    world.lastLink.accept()
    await world.settle()
    const [create] = world.lastLink.requests()
    assert.deepEqual(create.body(createRequest).data, new Uint8Array([1, 2, 3]))
  })
})

describe('credentials', () => {
  beforeEach(connected)

  it('are forgotten when the server refuses them', async () => {
    const auth = failure(zk.addAuth('digest', 'nobody'))
    await world.settle()
    world.lastLink.reply(-4, { err: -115 })
    world.lastLink.break()
    await world.advance(100)
    assert.equal(auth.error?.code, 'AuthFailed')
    world.lastLink.accept()
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
  })
})

describe('closing', () => {
  it('waits for the answers that are due, and tells the server', async () => {
    await connected()
    const create = zk.create('/a')
    const closed = zk.close()
    await assert.rejects(zk.get('/a'), { code: 'Closed' })
    await world.settle()
    const [first, last] = world.lastLink.requests()
    assert.equal(last.type, OpCode.closeSession)
    world.lastLink.reply(first.xid, { body: pathBody('/a') })
    world.lastLink.reply(last.xid)
    await closed
    assert.equal(await create, '/a')
    assert.equal(zk.state, 'closed')
    assert.ok(world.lastLink.isClosed)
    assert.equal(world.alarmCount, 0)
  })

  it('ends when the server is gone meanwhile', async () => {
    await connected()
    const set = failure(zk.set('/a', 'x'))
    const closed = zk.close()
    await world.settle()
    world.lastLink.break()
    await closed
    assert.equal(zk.state, 'closed')
    assert.equal(set.error?.code, 'ConnectionLoss')
  })

  it('ends a stream', async () => {
    await connected()
    const stream = zk.watch('/a')
    const next = stream.next()
    const closed = zk.close()
    await world.settle()
    for (const { xid } of world.lastLink.requests())
      world.lastLink.reply(xid, { body: new Uint8Array(4) })
    await closed
    assert.deepEqual(await next, { done: true, value: undefined })
  })

  it('rejects the calls that never got a connection', async () => {
    const get = failure(zk.get('/a'))
    await zk[Symbol.asyncDispose]()
    assert.equal(get.error?.code, 'Closed')
    assert.ok(world.lastLink.isClosed)
  })

  it('does nothing to a client that was never used', async () => {
    await zk.close()
    assert.equal(world.links.length, 0)
    assert.equal(zk.state, 'closed')
  })
})

describe('handing over', () => {
  it('waits for the answers that are due, and leaves the session alive', async () => {
    await connected()
    const create = zk.create('/a')
    const handed = zk.handOver()
    await assert.rejects(zk.get('/a'), { code: 'Closed' })
    await world.settle()
    const [first, last] = world.lastLink.requests()
    world.lastLink.reply(first.xid, { body: pathBody('/a') })
    world.lastLink.reply(last.xid, { body: statBody })
    const { id, password } = await handed
    assert.deepEqual([id, [...password]], [0x1234n, Array.from({ length: 16 }, () => 7)])
    assert.equal(await create, '/a')
    assert.equal(zk.state, 'closed')
    assert.ok(world.lastLink.isClosed)
    assert.equal(world.alarmCount, 0)
  })

  it('works between two connections, and not without a session', async () => {
    await assert.rejects(new ZooKeeper('a', {}, world).handOver(), { code: 'Closed' })
    await connected()
    world.lastLink.break()
    assert.equal((await zk.handOver()).id, 0x1234n)
    await assert.rejects(zk.get('/a'), { code: 'Closed' })
  })
})

describe('a frame in pieces', () => {
  it('is put together', async () => {
    await connected()
    const get = zk.get('/a')
    await world.settle()
    const bytes = Buffer.concat([
      replyFrame(1, { body: dataBody('x') }),
      frame(new Uint8Array(0)).subarray(0, 2),
    ])
    for (const byte of bytes) world.lastLink.receive(new Uint8Array([byte]))
    assert.equal(await get, 'x')
  })
})
