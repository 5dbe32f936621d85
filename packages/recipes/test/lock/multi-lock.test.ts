import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { MultiLock, Mutex, ReadWriteLock } from '../../src/index.ts'

let server: TestServer
before(async () => {
  server = await startServer()
  await (await server.client()).create('/data')
})
after(() => server.close())

describe('MultiLock', { timeout: 60_000 }, () => {
  it('is held whole, in whatever order it is named', async () => {
    const clients = await Promise.all([server.client(), server.client()])
    let insideCount = 0
    await Promise.all(
      clients.map(async (zk, i) => {
        const paths = ['/multi/a', '/multi/b', '/multi/c']
        const lock = new MultiLock(zk, i === 0 ? paths : paths.toReversed())
        for (let round = 0; round < 10; round++)
          await lock.run(async (held) => {
            assert.equal(++insideCount, 1)
            await held.guarded.set('/data', String(round))
            assert.equal(held.tokens.length, 3)
            insideCount--
          })
      }),
    )
  })

  it('keeps nothing when one of the locks cannot be had', async () => {
    const zk = await server.client()
    const [a, b] = [new Mutex(zk, '/multi/d'), new ReadWriteLock(zk, '/multi/e')]
    const lock = new MultiLock(zk, [b.write, a])
    const reader = await b.read.acquire()
    assert.equal(await lock.tryAcquire(), undefined)
    await assert.rejects(lock.acquire({ deadlineMs: 20 }), {
      code: 'OperationTimeout',
      path: '/multi/d and /multi/e',
    })
    await (await a.acquire()).release()
    await reader.release()
    await (await lock.acquire()).release()
  })

  it('is lost, and writes nothing more, when one of the locks is lost', async () => {
    const zk = await server.client()
    const held = await new MultiLock(zk, ['/multi/f', '/multi/g']).acquire()
    await zk.delete(held.locks[1].path)
    if (!held.lost.aborted) await once(held.lost, 'abort')
    assert.deepEqual([held.isHeld, held.locks[0].isHeld], [false, true])
    await assert.rejects(held.guarded.set('/data', 'x'), { code: 'LockLost' })
    assert.throws(() => held.check(), { code: 'LockLost' })
    await held.release()
  })

  it('needs a lock', async () => {
    const zk = await server.client()
    assert.throws(() => new MultiLock(zk, []), RangeError)
  })
})
