import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  addWatchRequest,
  type Codec,
  createRequest,
  encode,
  EventType,
  multiRequest,
  multiResponse,
  OpCode,
  pathWatchRequest,
  setWatches2Request,
  statResponse,
} from '@quorate/protocol'
import {
  type OnExpired,
  SessionLoss,
  type SessionRenewal,
  ZooKeeper,
  ZooKeeperError,
  type ZooKeeperOptions,
} from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { dataBody, pathBody, someStat, statBody } from './support/records.ts'

const timeout = 30_000

let world: FakeWorld
let zk: ZooKeeper
let states: string[]
let renewals: SessionRenewal[]

beforeEach(() => {
  world = new FakeWorld()
})

async function start(options: ZooKeeperOptions<'utf8'>): Promise<void> {
  zk = new ZooKeeper('a:1', { timeout, ...options }, world)
  states = []
  renewals = []
  zk.on('state', ({ state }) => states.push(state))
  zk.on('renewed', (renewal) => renewals.push(renewal))
  zk.connect()
  world.lastLink.accept({ id: 1n })
  await world.settle()
}

/** The server forgets the session. The next link is dialed already when this is done. */
async function expire(): Promise<void> {
  world.lastLink.break()
  await world.advance(100)
  world.lastLink.accept({ id: 0n, timeOut: 0 })
  await world.settle()
}

async function answer(
  type: number,
  reply: { readonly err?: number; readonly body?: Uint8Array },
): Promise<{ body<T>(codec: Codec<T>): T }> {
  await world.settle()
  const [request] = world.lastLink.requests()
  assert.equal(request?.type, type)
  world.lastLink.reply(request.xid, reply)
  await world.settle()
  return request
}

async function keep(path: string, value: string): Promise<void> {
  const created = zk.create(path, value, { ephemeral: true, keep: true })
  await answer(OpCode.create, { body: pathBody(path) })
  await created
}

function ownedBy(id: bigint): Uint8Array {
  return encode(statResponse, { stat: { ...someStat, ephemeralOwner: id } })
}

describe('an expired session', () => {
  it('is the last one of a client that was not told otherwise', async () => {
    await start({})
    await expire()
    const links = world.links.length
    await world.advance(timeout)
    assert.equal(world.links.length, links)
    await assert.rejects(zk.get('/a'), { code: 'SessionExpired' })
  })

  it('says why', async () => {
    await start({})
    await expire()
    await assert.rejects(zk.get('/a'), (error: ZooKeeperError) => {
      assert.ok(error.cause instanceof SessionLoss)
      assert.equal(error.cause.reason, 'closedElsewhere')
      assert.match(error.message, /Why: a:1 does not know it though a server was heard 0\.1 s ago/)
      return true
    })
  })

  it('is laid to the stall of this process when there was one', async () => {
    await start({})
    world.stall(timeout * 1.5)
    world.lastLink.break()
    await world.advance(100)
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    await world.settle()
    await assert.rejects(zk.get('/a'), (error: ZooKeeperError) => {
      assert.ok(error.cause instanceof SessionLoss)
      assert.equal(error.cause.reason, 'stall')
      assert.equal(error.cause.stallMs, timeout * 1.5 - timeout / 3)
      return true
    })
  })

  it('rejects what was pending, and says of writes that were sent that nobody knows', async () => {
    await start({ onExpired: 'renew' })
    const pending = Promise.allSettled([zk.get('/a'), zk.set('/b', 'x')])
    await world.settle()
    world.lastLink.break()
    const waiting = Promise.allSettled([zk.get('/c'), zk.set('/d', 'x')])
    await world.advance(100)
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    const outcomes = [...(await pending), ...(await waiting)].map((outcome) => {
      assert.ok(outcome.status === 'rejected')
      const { code, applied } = outcome.reason as ZooKeeperError
      return [code, applied]
    })
    assert.deepEqual(outcomes[0], ['SessionExpired', 'no'])
    assert.equal(outcomes[1]?.[1], 'unknown')
    assert.deepEqual(outcomes.slice(2), [
      ['SessionExpired', 'no'],
      ['SessionExpired', 'no'],
    ])
  })
})

describe('a client that renews its session', () => {
  it('makes a new one, and calls made from the moment of the loss on go there', async () => {
    await start({ onExpired: 'renew' })
    await expire()
    const get = zk.get('/a')
    const request = world.lastLink.accept({ id: 2n })
    assert.equal(request.sessionId, 0n)
    await answer(OpCode.getData, { body: dataBody('x') })
    assert.equal(await get, 'x')
    assert.equal(zk.sessionId, 2n)
    assert.deepEqual(states, [
      'connecting',
      'connected',
      'disconnected',
      'expired',
      'connecting',
      'connected',
    ])
    assert.deepEqual([renewals[0]?.previousSessionId, renewals[0]?.sessionId], [1n, 2n])
    assert.ok(renewals[0]?.cause instanceof SessionLoss)
  })

  it('goes on trying while there is no server, though nobody calls', async () => {
    await start({ onExpired: 'renew' })
    for (let ms = 0; ms < timeout * 4; ms += 500) {
      if (!world.lastLink.isClosed) world.lastLink.break()
      await world.advance(500)
    }
    assert.ok(states.includes('expired') && states.includes('idle'))
    if (world.lastLink.isClosed) await world.advance(1000)
    world.lastLink.accept({ id: 2n })
    await world.settle()
    assert.equal(zk.state, 'connected')
    assert.equal(renewals.length, 1)
  })

  it('asks for no more than servers have that were wiped, once none else was found', async () => {
    await start({ onExpired: 'renew' })
    const get = zk.get('/a')
    await world.settle()
    world.lastLink.reply(1, { zxid: 77, body: dataBody('x') })
    await get
    await expire()
    assert.equal(world.lastLink.open().lastZxidSeen, 77)
    world.lastLink.break()
    for (let ms = 0; !states.includes('idle'); ms += 500) {
      assert.ok(ms < timeout * 2)
      if (!world.lastLink.isClosed) world.lastLink.break()
      await world.advance(500)
    }
    if (world.lastLink.isClosed) await world.advance(1000)
    assert.equal(world.lastLink.open().lastZxidSeen, 0)
  })

  it('puts its watches back, with the zxid from which on changes were missed', async () => {
    await start({ onExpired: 'renew' })
    const get = zk.get('/a', { watch: true })
    await world.settle()
    const [{ xid }] = world.lastLink.requests()
    world.lastLink.reply(xid, { zxid: 77, body: dataBody('x') })
    await get
    const stream = zk.watch('/b')
    await answer(OpCode.addWatch, { body: new Uint8Array(4) })
    await expire()
    world.lastLink.accept({ id: 2n })
    const request = await answer(OpCode.setWatches2, {})
    const { relativeZxid, dataWatches, persistentWatches } = request.body(setWatches2Request)
    assert.deepEqual([relativeZxid, dataWatches, persistentWatches], [77, ['/a'], ['/b']])
    assert.deepEqual((await stream.next()).value, { type: 'gap', path: '/b' })
  })

  it('starts the streams again that were about to start', async () => {
    await start({ onExpired: 'renew' })
    const stream = zk.watch('/b')
    await expire()
    world.lastLink.accept({ id: 2n })
    const request = await answer(OpCode.addWatch, { body: new Uint8Array(4) })
    assert.equal(request.body(addWatchRequest).path, '/b')
    assert.equal((await stream.next()).value?.type, 'gap')
  })

  it('keeps streams that are about to start while no server gives it another session', async () => {
    await start({ onExpired: 'renew' })
    const stream = zk.watch('/b')
    await expire()
    for (let ms = 0; !states.includes('idle'); ms += 1000) {
      assert.ok(ms < timeout * 2)
      world.lastLink.break()
      await world.advance(1000)
    }
    if (world.lastLink.isClosed) await world.advance(1000)
    world.lastLink.accept({ id: 2n })
    await answer(OpCode.addWatch, { body: new Uint8Array(4) })
    world.lastLink.event(EventType.nodeCreated, '/b')
    let seen = await stream.next()
    while (seen.value?.type === 'gap') seen = await stream.next()
    assert.equal(seen.value?.type, 'nodeCreated')
  })

  it('claims its identities again', async () => {
    await start({ onExpired: 'renew' })
    const auth = zk.addAuth('digest', 'bob:secret')
    await world.settle()
    world.lastLink.reply(-4)
    await auth
    await expire()
    world.lastLink.accept({ id: 2n })
    await world.settle()
    assert.deepEqual(
      world.lastLink.requests().map(({ type }) => type),
      [OpCode.auth],
    )
  })

  it('runs the hook until it succeeds', async () => {
    const failures = [new ZooKeeperError('ConnectionLoss'), new ZooKeeperError('Overloaded')]
    const seen: unknown[] = []
    const onExpired: OnExpired<'utf8'> = (client, { previousSessionId }) => {
      seen.push([client === zk, previousSessionId])
      const failure = failures.shift()
      if (failure !== undefined) throw failure
    }
    await start({ onExpired })
    await expire()
    world.lastLink.accept({ id: 2n })
    await world.settle()
    await world.advance(1000)
    assert.deepEqual(seen, [
      [true, 1n],
      [true, 1n],
      [true, 1n],
    ])
    assert.equal(renewals.length, 1)
  })

  it('is closed when the hook fails for good', async () => {
    await start({ onExpired: () => Promise.reject(new Error('no such table')) })
    await expire()
    world.lastLink.accept({ id: 2n })
    await answer(OpCode.closeSession, {})
    assert.equal(zk.state, 'closed')
    await assert.rejects(zk.get('/a'), (error: ZooKeeperError) => {
      assert.equal(error.code, 'Closed')
      assert.match(String(error.cause), /no such table/)
      return true
    })
    assert.equal(renewals.length, 0)
  })

  it('runs the hook for the session that lived, when several are lost in a row', async () => {
    const seen: unknown[] = []
    await start({
      onExpired: (_, { sessionId, previousSessionId }) =>
        void seen.push([sessionId, previousSessionId]),
    })
    await keep('/k', 'x')
    await expire()
    world.lastLink.accept({ id: 2n })
    await world.settle()
    await expire()
    world.lastLink.accept({ id: 3n })
    await answer(OpCode.create, { body: pathBody('/k') })
    await world.advance(200)
    assert.deepEqual(seen, [[3n, 2n]])
  })

  it('ends when it is closed meanwhile', async () => {
    await start({ onExpired: 'renew' })
    await expire()
    await zk.close()
    assert.equal(zk.state, 'closed')
    assert.equal(world.alarmCount, 0)
    assert.equal(renewals.length, 0)
  })
})

describe('a kept ephemeral node', () => {
  it('comes back ahead of all other calls, with the value that was written last', async () => {
    await start({ onExpired: 'renew' })
    await keep('/k', 'first')
    const set = zk.set('/k', 'second')
    await answer(OpCode.setData, { body: statBody })
    await set
    await expire()
    void zk.get('/other')
    world.lastLink.accept({ id: 2n })
    await world.settle()
    const requests = world.lastLink.requests()
    assert.deepEqual(
      requests.map(({ type }) => type),
      [OpCode.create, OpCode.getData],
    )
    const { path, data, flags } = requests[0].body(createRequest)
    assert.deepEqual([path, String(data && Buffer.from(data)), flags], ['/k', 'second', 1])
    world.lastLink.reply(requests[0].xid, { body: pathBody('/k') })
    await world.settle()
    assert.deepEqual(renewals[0]?.unkept, [])
  })

  it('stays away when this client deleted it, in a transaction as well', async () => {
    await start({ onExpired: 'renew' })
    await keep('/k', 'x')
    await keep('/l', 'x')
    const deleted = zk.delete('/k')
    await answer(OpCode.delete, {})
    const committed = zk.transaction().delete('/l').commit()
    await answer(OpCode.multi, { body: encode(multiResponse, [{ type: OpCode.delete }]) })
    await Promise.all([deleted, committed])
    await expire()
    world.lastLink.accept({ id: 2n })
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
  })

  it('replaces its own predecessor that has not gone yet', async () => {
    await start({ onExpired: 'renew' })
    await keep('/k', 'x')
    await expire()
    world.lastLink.accept({ id: 2n })
    await answer(OpCode.create, { err: -110 })
    const exists = await answer(OpCode.exists, { body: ownedBy(1n) })
    assert.equal(exists.body(pathWatchRequest).path, '/k')
    const request = await answer(OpCode.multi, {
      body: encode(multiResponse, [{ type: OpCode.delete }, { type: OpCode.create, path: '/k' }]),
    })
    assert.deepEqual(
      request.body(multiRequest).map(({ type }) => type),
      [OpCode.delete, OpCode.create],
    )
    assert.deepEqual(renewals[0]?.unkept, [])
  })

  it('is given up when somebody else has its path, and the application is told', async () => {
    await start({ onExpired: 'renew' })
    await keep('/k', 'x')
    await expire()
    world.lastLink.accept({ id: 2n })
    await answer(OpCode.create, { err: -110 })
    await answer(OpCode.exists, { body: ownedBy(9n) })
    assert.deepEqual(
      renewals[0]?.unkept.map(({ path, error }) => [path, error.code]),
      [['/k', 'NodeExists']],
    )
  })

  it('is asked for again when the connection breaks meanwhile', async () => {
    await start({ onExpired: 'renew' })
    await keep('/k', 'x')
    await expire()
    world.lastLink.accept({ id: 2n })
    await world.settle()
    world.lastLink.break()
    await world.advance(200)
    world.lastLink.accept({ id: 2n })
    await answer(OpCode.create, { err: -110 })
    await answer(OpCode.exists, { body: ownedBy(2n) })
    assert.deepEqual(renewals[0]?.unkept, [])
  })

  it('is ephemeral and not sequential', async () => {
    await start({ onExpired: 'renew' })
    await assert.rejects(zk.create('/k', '', { keep: true }), { code: 'BadArguments' })
    const options = { ephemeral: true, sequential: true, keep: true }
    await assert.rejects(zk.create('/k', '', options), { code: 'BadArguments' })
  })
})
