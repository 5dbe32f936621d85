import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { Mutex, requestRevocation } from '../../src/index.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

describe('a revocation', { timeout: 60_000 }, () => {
  it('is told to the holder, who keeps the lock until it releases it', async () => {
    const [a, b] = [await server.client(), await server.client()]
    const held = await new Mutex(a, '/revocable/held', { id: 'a' }).acquire()
    const mutex = new Mutex(b, '/revocable/held')
    const asked = once(held.revocation(), 'abort')
    await b.set(held.path, 'something else')
    const [holder] = await mutex.contenders()
    assert.equal(await requestRevocation(b, holder.path), true)
    await asked
    assert.ok(held.isHeld)
    assert.equal(await mutex.tryAcquire(), undefined)
    await held.release()
    await (await mutex.acquire()).release()
  })

  it('that came before the holder listened is told all the same', async () => {
    const zk = await server.client()
    await using held = await new Mutex(zk, '/revocable/before').acquire()
    await requestRevocation(zk, held.path)
    const signal = held.revocation()
    if (!signal.aborted) await once(signal, 'abort')
    assert.equal(held.revocation(), signal)
  })

  it('of a lock that is gone says so', async () => {
    const zk = await server.client()
    const held = await new Mutex(zk, '/revocable/gone').acquire()
    await held.release()
    assert.equal(await requestRevocation(zk, held.path), false)
  })
})
