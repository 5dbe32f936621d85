import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { Semaphore } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { Exclusion } from '../support/exclusion.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

describe('Semaphore', { timeout: 60_000 }, () => {
  it('has no more holders than leases, and all of them when many want one', async () => {
    const exclusion = new Exclusion()
    const clients = await Promise.all(Array.from({ length: 8 }, () => server.client()))
    await Promise.all(
      clients.map(async (zk) => {
        const semaphore = new Semaphore(zk, '/semaphore/many', 3)
        for (let i = 0; i < 8; i++)
          await semaphore.run(async (lease) => {
            await exclusion.visit(lease.token)
            await zk.exists('/')
            assert.ok(lease.isHeld)
          })
      }),
    )
    assert.ok(exclusion.mostInside <= 3)
    assert.equal(new Set(exclusion.tokens).size, 64)
    await Promise.all(clients.map((zk) => zk.close()))
  })

  it('has its nodes where Curator has them', async () => {
    const zk = await server.client()
    const semaphore = new Semaphore(zk, '/semaphore/names', 2, { id: 'me' })
    await using lease = await semaphore.acquire()
    assert.match(lease.path, /^\/semaphore\/names\/leases\/_c_[\da-f-]{36}-lease-\d{10}$/)
    assert.deepEqual(await semaphore.leaseholders(), [{ path: lease.path, id: 'me' }])
    assert.deepEqual((await zk.children('/semaphore/names')).toSorted(), ['leases', 'locks'])
  })

  it('gives no lease beyond the last one, until one comes back', async () => {
    const zk = await server.client()
    const semaphore = new Semaphore(zk, '/semaphore/full', 2)
    const leases = [await semaphore.acquire(), await semaphore.acquire()]
    assert.equal(await semaphore.tryAcquire(), undefined)
    await assert.rejects(semaphore.acquire({ deadlineMs: 20 }), { code: 'OperationTimeout' })
    await eventually(async () => (await semaphore.leaseholders()).length === 2)
    const waiting = semaphore.acquire()
    await leases[0].release()
    leases[0] = await waiting
    assert.equal((await semaphore.leaseholders()).length, 2)
    await Promise.all(leases.map((lease) => lease.release()))
  })

  it('gets back the lease of a session that expires', async () => {
    const [a, b] = [await server.client(), await server.client()]
    const lost = await new Semaphore(a, '/semaphore/expiry', 1).acquire()
    const waiting = new Semaphore(b, '/semaphore/expiry', 1).acquire()
    await server.expire(a)
    await using lease = await waiting
    assert.ok(lease.token > lost.token)
    await assert.rejects(lost.guarded.delete('/x'), { code: 'LockLost' })
  })

  it('refuses a number of leases that makes no sense', async () => {
    const zk = await server.client()
    for (const count of [0, -1, 1.5, Number.NaN])
      assert.throws(() => new Semaphore(zk, '/semaphore', count), RangeError)
  })
})
