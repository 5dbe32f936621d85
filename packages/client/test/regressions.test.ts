/** What clients of others in this language got wrong: each is a sentence here, and stays true. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { beforeEach, it } from 'node:test'
import { OpCode } from '@quorate/protocol'
import * as fc from 'fast-check'
import { XidSequence } from '../src/connection.ts'
import { ZooKeeper, type ZooKeeperError } from '../src/index.ts'
import { FakeWorld, frame } from './support/fake-world.ts'
import { dataBody } from './support/records.ts'

const timeout = 30_000

let world: FakeWorld
let zk: ZooKeeper

beforeEach(() => {
  world = new FakeWorld()
  zk = new ZooKeeper('a,b', { timeout }, world)
})

async function connect(): Promise<void> {
  zk.connect()
  world.lastLink.accept()
  await world.settle()
}

it('no request has the xid 0, which servers that throttle take for no request at all', async () => {
  await connect()
  void zk.get('/a').catch(() => {})
  await world.settle()
  assert.equal(world.lastLink.requests()[0].xid, 1)
})

it('xids go from the last positive number to 1, past 0 and those that have a meaning of their own', () => {
  const xids = new XidSequence(0x7fff_fffe)
  assert.deepEqual([xids.next(), xids.next(), xids.next()], [0x7fff_ffff, 1, 2])
})

it('an answer out of order ends the connection, and neither the process nor the session', async () => {
  await connect()
  const { sessionId } = zk
  const get = zk.get('/a')
  await world.settle()
  world.lastLink.reply(2, { body: dataBody('of another request') })
  await world.advance(100)
  world.lastLink.accept()
  await world.settle()
  const [again] = world.lastLink.requests()
  world.lastLink.reply(again.xid, { body: dataBody('x') })
  assert.equal(await get, 'x')
  assert.equal(zk.sessionId, sessionId)
})

it('whatever bytes a peer sends, nothing is thrown into the socket, and the client goes on', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.uint8Array({ maxLength: 60 }).map((body) => frame(body)),
    fc.constant(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')),
    fc.constant(new Uint8Array([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])),
  )
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(bytes, { maxLength: 4 }), async (isLinked, chunks) => {
      world = new FakeWorld()
      zk = new ZooKeeper('a', { timeout }, world)
      const get = zk.get('/a').then(
        () => undefined,
        ({ code }: ZooKeeperError) => code,
      )
      if (isLinked) await connect()
      else world.lastLink.open()
      await world.settle()
      for (const chunk of chunks)
        if (!world.lastLink.isClosed && world.links.length === 1) world.lastLink.receive(chunk)
      await world.settle()
      await world.advance(timeout * 3)
      assert.ok(zk.state === 'expired' || zk.state === 'idle' || zk.state === 'connected')
      await zk.close({ deadlineMs: 1 })
      await world.advance(1)
      await get
      assert.equal(world.alarmCount, 0)
    }),
    { numRuns: 300 },
  )
})

it('a session expires while the network is cut, without a word from any server', async () => {
  await connect()
  const states: string[] = []
  zk.on('state', ({ state }) => states.push(state))
  // From now on nothing comes in, and no dial is answered.
  await world.advance((timeout * 4) / 3 + 1)
  assert.deepEqual(states, ['disconnected', 'expired'])
})

it('a client whose ensemble is gone does not wait for ever, and is of use again when it is back', async () => {
  const get = zk.get('/a').catch(({ code }: ZooKeeperError) => code)
  await world.advance((timeout * 4) / 3 + 1)
  assert.equal(await get, 'ConnectionLoss')
  const again = zk.get('/a')
  world.lastLink.accept()
  await world.settle()
  world.lastLink.reply(world.lastLink.requests()[0].xid, { body: dataBody('x') })
  assert.equal(await again, 'x')
})

it('connections that come and go, and are made twice, settle each call once and throw nothing', async () => {
  const settled: number[] = []
  for (let round = 0; round < 20; round++) {
    const settle = (): void => void settled.push(round)
    zk.get('/a').then(settle, settle)
    if (zk.state !== 'connected') world.lastLink.accept()
    await world.settle()
    // Told of twice, as some platforms do.
    world.lastLink.break(new Error('reset'))
    world.lastLink.break(new Error('reset again'))
    await world.advance(1_000)
  }
  world.lastLink.accept()
  await world.settle()
  for (const { xid } of world.lastLink.requests())
    world.lastLink.reply(xid, { body: dataBody('x') })
  await world.settle()
  assert.deepEqual(
    settled.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, round) => round),
  )
  assert.equal(zk.state, 'connected')
})

it('a watch that nobody reads any more is taken from the server', async () => {
  await connect()
  const changes = zk.watch('/a')
  await world.settle()
  world.lastLink.reply(world.lastLink.requests()[0].xid, { body: new Uint8Array(4) })
  const left = changes.return()
  await world.settle()
  const [removal] = world.lastLink.requests()
  assert.equal(removal.type, OpCode.removeWatches)
  world.lastLink.reply(removal.xid)
  await left
})

it('a watch that was left before the server had set it is taken from the server, too', async () => {
  await connect()
  const changes = zk.watch('/a')
  await world.settle()
  const [addition] = world.lastLink.requests()
  await changes.return()
  world.lastLink.reply(addition.xid, { body: new Uint8Array(4) })
  await world.settle()
  assert.deepEqual(
    world.lastLink.requests().map(({ type }) => type),
    [OpCode.removeWatches],
  )
})

it('the package installs without scripts, without a compiler and with nothing of others', async () => {
  for (const room of ['client', 'protocol']) {
    const path = new URL(`../../${room}/package.json`, import.meta.url)
    const manifest = JSON.parse(await readFile(path, 'utf8')) as {
      readonly scripts?: object
      readonly dependencies?: object
      readonly gypfile?: boolean
    }
    const { scripts = {}, dependencies = {}, gypfile = false } = manifest
    const installing = Object.keys(scripts).filter((name) => /install|prepare/.test(name))
    assert.deepEqual([installing, gypfile], [[], false])
    assert.ok(Object.keys(dependencies).every((name) => name === '@quorate/protocol'))
  }
})
