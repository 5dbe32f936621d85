import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { type LockLayout, ReadWriteLock } from '../../src/index.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

const layouts: readonly LockLayout[] = ['curator', 'kazoo']

describe('ReadWriteLock', { timeout: 60_000 }, () => {
  for (const layout of layouts) {
    it(`lets readers in together, and a writer alone, in the layout of ${layout}`, async () => {
      const zk = await server.client()
      const lock = new ReadWriteLock(zk, `/rw/${layout}`, { layout })
      const readers = [await lock.read.acquire(), await lock.read.acquire()]
      assert.equal(await lock.write.tryAcquire(), undefined)
      const writing = lock.write.acquire()
      await Promise.all(readers.map((reader) => reader.release()))
      const writer = await writing
      assert.equal(await lock.read.tryAcquire(), undefined)
      assert.equal(await lock.write.tryAcquire(), undefined)
      await writer.release()
      await (await lock.read.acquire()).release()
    })
  }

  it('lets no reader past a writer that waits', async () => {
    const zk = await server.client()
    const lock = new ReadWriteLock(zk, '/rw/fair')
    const reader = await lock.read.acquire()
    const order: string[] = []
    const write = async (): Promise<void> => {
      await using held = await lock.write.acquire()
      order.push(`writer ${held.isHeld}`)
    }
    const read = async (): Promise<void> => {
      await using held = await lock.read.acquire()
      order.push(`reader ${held.isHeld}`)
    }
    const waiting = [write(), read()]
    await reader.release()
    await Promise.all(waiting)
    assert.deepEqual(order, ['writer true', 'reader true'])
  })

  it('names its nodes as Curator does', async () => {
    const zk = await server.client()
    const lock = new ReadWriteLock(zk, '/rw/names', { id: 'me' })
    await using reader = await lock.read.acquire()
    assert.match(reader.path, /^\/rw\/names\/_c_[\da-f-]{36}-__READ__\d{10}$/)
    assert.deepEqual(await lock.write.contenders(), [{ path: reader.path, id: 'me' }])
  })

  it('turns a write lock into a read lock before the next writer', async () => {
    const zk = await server.client()
    const lock = new ReadWriteLock(zk, '/rw/downgrade')
    const writer = await lock.write.acquire()
    const next = lock.write.acquire()
    const reader = await lock.downgrade(writer)
    assert.deepEqual([writer.isHeld, reader.isHeld], [false, true])
    assert.ok(reader.token > writer.token)
    assert.equal((await lock.read.contenders())[0].path, reader.path)
    await reader.release()
    await (await next).release()
    await assert.rejects(lock.downgrade(writer), { code: 'Released' })
  })
})
