import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { bytesClient } from '../../src/foundation/bytes-client.ts'
import { Mutex } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { Exclusion } from '../support/exclusion.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

/** Resolves when so many stand in the line. */
function lineOf(mutex: Mutex, count: number): Promise<void> {
  return eventually(async () => (await mutex.contenders()).length === count)
}

describe('Mutex', { timeout: 60_000 }, () => {
  it('is held by one at a time, by turns and with growing tokens', async () => {
    const exclusion = new Exclusion()
    const clients = await Promise.all(Array.from({ length: 8 }, () => server.client()))
    const contend = async (zk: ZooKeeper): Promise<void> => {
      const mutex = new Mutex(zk, '/mutex/many')
      for (let i = 0; i < 10; i++) await mutex.run((lock) => exclusion.visit(lock.token))
    }
    await Promise.all(clients.map(contend))
    assert.equal(exclusion.mostInside, 1)
    assert.equal(exclusion.tokens.length, 80)
    assert.deepEqual(
      exclusion.tokens,
      exclusion.tokens.toSorted((a, b) => a - b),
    )
    await Promise.all(clients.map((zk) => zk.close()))
  })

  it('stays exclusive while connections are cut', async () => {
    const exclusion = new Exclusion()
    const clients = await Promise.all(Array.from({ length: 4 }, () => server.client()))
    const over = new AbortController()
    const contend = async (zk: ZooKeeper): Promise<void> => {
      const mutex = new Mutex(zk, '/mutex/cut')
      for (let i = 0; i < 10; i++) await mutex.run((lock) => exclusion.visit(lock.token))
    }
    const cut = async (): Promise<void> => {
      for (let i = 0; !over.signal.aborted; i++) {
        server.cutConnections(clients[i % clients.length])
        await clients[i % clients.length].exists('/')
      }
    }
    const cutting = cut()
    await Promise.all(clients.map(contend))
    over.abort()
    await cutting
    assert.equal(exclusion.mostInside, 1)
    assert.equal(exclusion.tokens.length, 40)
    assert.deepEqual(await clients[0].children('/mutex/cut').catch(() => []), [])
    await Promise.all(clients.map((zk) => zk.close()))
  })

  it('names its nodes as Curator does, or as kazoo does', async () => {
    const zk = await server.client()
    await using curator = await new Mutex(zk, '/mutex/names').acquire()
    assert.match(curator.path, /^\/mutex\/names\/_c_[\da-f-]{36}-lock-\d{10}$/)
    await using kazoo = await new Mutex(zk, '/mutex/kazoo', { layout: 'kazoo' }).acquire()
    assert.match(kazoo.path, /^\/mutex\/kazoo\/[\da-f]{32}__lock__\d{10}$/)
  })

  it('waits for nodes of either library, and for those that its sequence number follows over the wrap', async () => {
    const zk = await server.client()
    const path = '/mutex/foreign'
    await zk.create('/mutex').catch(() => {})
    await zk.create(path)
    const mutex = new Mutex(zk, path)
    for (const name of ['0a1b__lock__-000000002', '_c_x-lock--000000001', 'x__WRIT__-000000003']) {
      await zk.create(`${path}/${name}`, '', { ephemeral: true })
      assert.equal(await mutex.tryAcquire(), undefined)
      await zk.delete(`${path}/${name}`)
    }
    const held = await mutex.tryAcquire()
    assert.ok(held?.isHeld)
    await held.release()
  })

  it('gives up at its deadline, and leaves no node behind', async () => {
    const zk = await server.client()
    const mutex = new Mutex(zk, '/mutex/deadline')
    await using held = await mutex.acquire()
    await assert.rejects(mutex.acquire({ deadlineMs: 20 }), {
      code: 'OperationTimeout',
      op: 'acquire',
      path: '/mutex/deadline',
    })
    await lineOf(mutex, 1)
    assert.equal((await mutex.contenders())[0].path, held.path)
  })

  it('gives up by its signal at whatever point, and leaves no node behind', async () => {
    const world = new LossyWorld()
    await using zk = new ZooKeeper(server.connectString, {}, world)
    const mutex = new Mutex(zk, '/mutex/abort')
    await using held = await mutex.acquire()
    for (let turns = 0; turns < 12; turns++) {
      const source = new AbortController()
      const acquiring = assert.rejects(mutex.acquire({ signal: source.signal }), {
        code: 'Aborted',
      })
      for (let i = 0; i < turns; i++) {
        if (turns % 3 === 2 && i === 1) world.loseNextAnswer()
        await new Promise((resolve) => setImmediate(resolve))
      }
      source.abort()
      await acquiring
    }
    await lineOf(mutex, 1)
    assert.equal((await mutex.contenders())[0].path, held.path)
  })

  it('is taken without waiting, or not at all, by tryAcquire', async () => {
    const zk = await server.client()
    const mutex = new Mutex(zk, '/mutex/try')
    const held = await mutex.tryAcquire()
    assert.ok(held)
    assert.equal(await mutex.tryAcquire(), undefined)
    await held.release()
    const again = await mutex.tryAcquire()
    assert.ok(again && again.token > held.token)
    await again.release()
  })

  it('passes on when the session of its holder expires', async () => {
    const [a, b] = [await server.client(), await server.client()]
    const held = await new Mutex(a, '/mutex/expiry').acquire()
    const next = new Mutex(b, '/mutex/expiry').acquire()
    await server.expire(a)
    await using other = await next
    assert.ok(other.token > held.token)
    if (!held.lost.aborted) await once(held.lost, 'abort')
    assert.equal(held.lost.reason.code, 'LockLost')
    assert.equal(held.isHeld, false)
    await held.release()
  })

  it('is waited for again, at the end of the line, by one whose node is taken away', async () => {
    const zk = await server.client()
    const mutex = new Mutex(zk, '/mutex/removed', { id: 'me' })
    const held = await mutex.acquire()
    const next = mutex.acquire()
    await lineOf(mutex, 2)
    const [, waiting] = await mutex.contenders()
    assert.equal(waiting.id, 'me')
    await zk.delete(waiting.path)
    await eventually(async () => {
      const line = await mutex.contenders()
      return line.length === 2 && line[1].path !== waiting.path
    })
    await held.release()
    await (await next).release()
  })

  it('wakes one of those who wait, and no others', async () => {
    const mutex = new Mutex(await server.client(), '/mutex/herd')
    const held = await mutex.acquire()
    const waiters = []
    for (let i = 0; i < 5; i++) {
      const zk = await server.client()
      const told: string[] = []
      bytesClient(zk).on('change', ({ path }) => told.push(path))
      const acquired = new Mutex(zk, '/mutex/herd').acquire()
      await lineOf(mutex, i + 2)
      // What the wait for the one ahead needs is on its way before this.
      await zk.exists('/')
      waiters.push({ zk, told, acquired })
    }
    await held.release()
    const [first, ...others] = waiters
    const next = await first.acquired
    await Promise.all(others.map(({ zk }) => zk.sync('/')))
    assert.deepEqual(first.told, [held.path])
    assert.deepEqual(
      others.map(({ told }) => told),
      [[], [], [], []],
    )
    await next.release()
    for (const { acquired } of others) await (await acquired).release()
  })

  it('is released by run, whatever becomes of the job', async () => {
    const zk = await server.client()
    const mutex = new Mutex(zk, '/mutex/run')
    await assert.rejects(
      mutex.run(() => {
        throw new Error('of the job')
      }),
      /of the job/,
    )
    assert.equal(await mutex.run(async (lock) => lock.isHeld), true)
    assert.deepEqual(await mutex.contenders(), [])
  })

  it('that waits ends with the session', async () => {
    const [a, b] = [await server.client(), await server.client()]
    await using held = await new Mutex(a, '/mutex/closed').acquire()
    const waiting = new Mutex(b, '/mutex/closed').acquire()
    await lineOf(new Mutex(a, '/mutex/closed'), 2)
    await Promise.all([assert.rejects(waiting, { code: 'Closed' }), b.close()])
    assert.ok(held.isHeld)
  })
})
