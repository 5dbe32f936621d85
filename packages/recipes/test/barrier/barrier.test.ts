import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { Barrier, DoubleBarrier } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

describe('Barrier', { timeout: 60_000 }, () => {
  it('holds everybody up until it is removed', async () => {
    const [a, b] = [await server.client(), await server.client()]
    const barrier = new Barrier(a, '/barrier/one')
    await Promise.all([barrier.set(), barrier.set()])
    const passed: string[] = []
    const waiting = [a, b].map(async (zk) => {
      await new Barrier(zk, '/barrier/one').wait()
      passed.push('passed')
    })
    await assert.rejects(barrier.wait({ deadlineMs: 20 }), { code: 'OperationTimeout' })
    assert.deepEqual(passed, [])
    await barrier.remove()
    await Promise.all(waiting)
    await barrier.remove()
    await barrier.wait()
  })

  it('does not hold up one whose session is over', async () => {
    const [a, b] = [await server.client(), await server.client()]
    await new Barrier(a, '/barrier/closed').set()
    const waiting = assert.rejects(new Barrier(b, '/barrier/closed').wait(), {
      code: /Closed|SessionExpired/,
    })
    await b.exists('/')
    await Promise.all([waiting, server.expire(b)])
  })
})

describe('DoubleBarrier', { timeout: 60_000 }, () => {
  it('is entered together and left together', async () => {
    const log: string[] = []
    await Promise.all(
      Array.from({ length: 4 }, async (_, i) => {
        const zk = await server.client()
        const barrier = new DoubleBarrier(zk, '/double/four', 4, { id: String(i) })
        log.push('comes')
        await barrier.enter()
        log.push('in')
        await zk.exists('/')
        log.push('goes')
        await barrier.leave()
        log.push('out')
      }),
    )
    assert.deepEqual(log.slice(0, 4), Array(4).fill('comes'))
    assert.ok(log.indexOf('in') >= 4)
    assert.ok(log.lastIndexOf('goes') < log.indexOf('out'))
    const zk = await server.client()
    assert.deepEqual(await zk.children('/double/four').catch(() => []), [])
  })

  it('takes back a member that gives up entering', async () => {
    const zk = await server.client()
    const barrier = new DoubleBarrier(zk, '/double/alone', 2)
    await assert.rejects(barrier.enter({ deadlineMs: 20 }), { code: 'OperationTimeout' })
    await eventually(async () => (await zk.children('/double/alone')).length === 0)
    await assert.rejects(barrier.leave(), { code: 'Released' })
  })

  it('is left by those who remain when a member is gone', async () => {
    const [a, b] = [await server.client(), await server.client()]
    const [mine, theirs] = [a, b].map((zk) => new DoubleBarrier(zk, '/double/gone', 2))
    await Promise.all([mine.enter(), theirs.enter()])
    await Promise.all([mine.leave(), server.expire(b)])
    await assert.rejects(theirs.leave(), { code: 'SessionExpired' })
  })

  it('lets a late one in while it is open', async () => {
    const clients = [await server.client(), await server.client(), await server.client()]
    const [first, second, late] = clients.map((zk) => new DoubleBarrier(zk, '/double/late', 2))
    await Promise.all([first.enter(), second.enter()])
    await late.enter({ deadlineMs: 5_000 })
    await Promise.all([first.leave(), second.leave(), late.leave()])
  })

  it('refuses a number of members that makes no sense', async () => {
    const zk = await server.client()
    assert.throws(() => new DoubleBarrier(zk, '/double', 0), RangeError)
  })
})
