import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { Mutex } from '../../src/index.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => {
  server = await startServer()
  const zk = await server.client()
  await zk.create('/data', 'start')
})
after(() => server.close())

describe('the guarded writer of a lock', () => {
  it('writes while the lock is held', async () => {
    const zk = await server.client()
    await using lock = await new Mutex(zk, '/guard/held').acquire()
    assert.equal((await lock.guarded.set('/data', 'mine')).dataLength, 4)
    assert.equal(await lock.guarded.create('/made', 'x', { ephemeral: true }), '/made')
    assert.equal(await zk.get('/made'), 'x')
    const results = await lock.guarded.commit((writes) =>
      writes.set('/made', 'longer').create('/other', 'y').delete('/made'),
    )
    assert.deepEqual([results[0].dataLength, results[1], results[2]], [6, '/other', undefined])
    await lock.guarded.delete('/other', { version: 0 })
  })

  it('counts the operations of the caller in errors, and leaves the lock alone', async () => {
    const zk = await server.client()
    await using lock = await new Mutex(zk, '/guard/errors').acquire()
    await assert.rejects(
      lock.guarded.commit((writes) => writes.set('/data', 'x').delete('/nowhere')),
      { code: 'NoNode', path: '/nowhere', index: 1 },
    )
    await assert.rejects(lock.guarded.set('/data', 'x', { version: 99 }), { code: 'BadVersion' })
    assert.ok(lock.isHeld)
  })

  it('writes nothing for a holder that was paused while another got the lock', async () => {
    const world = new LossyWorld()
    await using zk = new ZooKeeper(server.connectString, {}, world)
    const mine = await new Mutex(zk, '/guard/paused').acquire()
    const other = await server.client()

    world.pause()
    await other.delete(mine.path)
    await using theirs = await new Mutex(other, '/guard/paused').acquire()
    await theirs.guarded.set('/data', 'theirs')
    assert.ok(mine.isHeld, 'the holder does not know yet')
    const writing = assert.rejects(mine.guarded.set('/data', 'late'), {
      name: 'RecipeError',
      code: 'LockLost',
      path: mine.path,
    })
    // The server answers this in the order of the requests.
    const read = zk.get('/data')
    world.resume()
    await writing
    assert.equal(await read, 'theirs')
    assert.equal(mine.isHeld, false)
    assert.ok(theirs.token > mine.token)
  })

  it('refuses without asking when the lock is lost or released', async () => {
    const zk = await server.client()
    const lock = await new Mutex(zk, '/guard/released').acquire()
    await lock.release()
    await assert.rejects(lock.guarded.set('/data', 'x'), { code: 'Released' })
    assert.throws(() => lock.check(), { code: 'Released' })
  })

  it('takes the values of its client', async () => {
    const zk = await server.client({ codec: 'json' })
    await using lock = await new Mutex(zk, '/guard/json').acquire()
    await lock.guarded.create('/json', { n: 1 }, { ephemeral: true })
    assert.deepEqual(await zk.get('/json'), { n: 1 })
  })
})
