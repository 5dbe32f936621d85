import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { Mutex, ReentrantMutex } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

describe('ReentrantMutex', { timeout: 60_000 }, () => {
  it('is acquired again by its holder, and goes when all is released', async () => {
    const zk = await server.client()
    const mutex = new ReentrantMutex(zk, '/reentrant/again')
    const outsider = new Mutex(zk, '/reentrant/again')
    const outer = await mutex.acquire()
    const inner = await mutex.acquire()
    assert.equal(inner.token, outer.token)
    await outer.release()
    assert.deepEqual([outer.isHeld, inner.isHeld], [false, true])
    await assert.rejects(outer.guarded.delete('/x'), { code: 'Released' })
    assert.equal(await outsider.tryAcquire(), undefined)
    assert.ok(await mutex.tryAcquire().then((third) => third?.release().then(() => true)))
    await inner.release()
    await (await outsider.acquire()).release()
  })

  it('excludes other objects', async () => {
    const zk = await server.client()
    const [a, b] = [
      new ReentrantMutex(zk, '/reentrant/two'),
      new ReentrantMutex(zk, '/reentrant/two'),
    ]
    const held = await a.acquire()
    assert.equal(await b.tryAcquire(), undefined)
    const waiting = b.acquire()
    await held.release()
    await (await waiting).release()
  })

  it('is still waited for by others when one of them gives up', async () => {
    const zk = await server.client()
    const outsider = new Mutex(zk, '/reentrant/patience')
    const held = await outsider.acquire()
    const mutex = new ReentrantMutex(zk, '/reentrant/patience')
    const patient = mutex.acquire()
    await assert.rejects(mutex.acquire({ deadlineMs: 10 }), { code: 'OperationTimeout' })
    assert.equal(await mutex.tryAcquire(), undefined)
    await held.release()
    await (await patient).release()
  })

  it('leaves the line when all have given up', async () => {
    const zk = await server.client()
    const outsider = new Mutex(zk, '/reentrant/nobody')
    await using held = await outsider.acquire()
    const mutex = new ReentrantMutex(zk, '/reentrant/nobody')
    const outcomes = await Promise.allSettled([
      mutex.acquire({ deadlineMs: 10 }),
      mutex.acquire({ deadlineMs: 20 }),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    await eventually(async () => (await outsider.contenders()).length === 1)
    assert.ok(held.isHeld)
  })

  it('stands in the line anew when the lock was lost', async () => {
    const zk = await server.client()
    const mutex = new ReentrantMutex(zk, '/reentrant/lost')
    const first = await mutex.acquire()
    await zk.delete(first.path)
    if (!first.lost.aborted) await once(first.lost, 'abort')
    const second = await mutex.acquire()
    assert.ok(second.token > first.token)
    await first.release()
    assert.ok(second.isHeld)
    await second.release()
  })
})
