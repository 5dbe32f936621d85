import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { OpCode } from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { dataBody, statBody } from './support/records.ts'
import { reconnected, serve } from './support/scripted-server.ts'

let world: FakeWorld

beforeEach(() => {
  world = new FakeWorld()
})

async function connected(options: object): Promise<ZooKeeper> {
  const zk = new ZooKeeper('a:1', options, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
  return zk
}

/** Whether a promise is settled now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false
  const settle = (): void => void (isOver = true)
  promise.then(settle, settle)
  await world.settle()
  return isOver
}

const answers = {
  [OpCode.getData]: () => ({ body: dataBody('x') }),
  [OpCode.setData]: () => ({ body: statBody }),
}

describe('pending calls', () => {
  it('of a hundred thousand go out in one write, and are all answered', async () => {
    const zk = await connected({})
    const writes = world.lastLink.writes.length
    const calls = Array.from({ length: 100_000 }, (_, i) => zk.get(`/${i}`))
    await world.settle()
    assert.equal(world.lastLink.writes.length, writes + 1)
    await serve(world, answers)
    assert.equal((await Promise.all(calls)).length, 100_000)
  })

  it('are bounded by the bytes of their requests, until those are answered', async () => {
    const zk = await connected({ pendingBytesMax: 1000 })
    const value = 'x'.repeat(600)
    const calls = [zk.set('/a', value), zk.set('/b', value)]
    await assert.rejects(zk.get('/a'), { code: 'Overloaded', applied: 'no', retryable: true })
    await serve(world, answers)
    await Promise.all(calls)
    const last = zk.get('/a')
    await serve(world, answers)
    assert.equal(await last, 'x')
  })

  it('count while the server may still answer them, though their callers do not wait', async () => {
    const zk = await connected({ pendingBytesMax: 500 })
    await assert.rejects(
      Promise.all([zk.set('/a', 'x'.repeat(600), { deadlineMs: 10 }), world.advance(10)]),
      { code: 'OperationTimeout' },
    )
    await assert.rejects(zk.get('/a'), { code: 'Overloaded' })
    await reconnected(world)
    const last = zk.get('/a')
    await serve(world, answers)
    assert.equal(await last, 'x')
  })

  it('are bounded by their bytes before there is a connection, too', async () => {
    const zk = new ZooKeeper('a:1', { pendingBytesMax: 500 }, world)
    const waiting = assert.rejects(zk.set('/a', 'x'.repeat(600), { deadlineMs: 10 }), {
      code: 'OperationTimeout',
    })
    await assert.rejects(zk.get('/a'), { code: 'Overloaded' })
    await world.advance(10)
    await waiting
    const last = zk.get('/a')
    world.lastLink.accept()
    await serve(world, answers)
    assert.equal(await last, 'x')
  })
})

describe('drained', () => {
  it('resolves at half of what may be pending', async () => {
    const zk = await connected({ pendingMax: 4 })
    await zk.drained()
    const calls = [zk.get('/a'), zk.get('/a'), zk.get('/a')]
    await world.settle()
    const drained = zk.drained()
    assert.equal(await isSettled(drained), false)
    const [first] = world.lastLink.requests()
    world.lastLink.reply(first.xid, { body: dataBody('x') })
    assert.equal(await isSettled(drained), true)
    await Promise.allSettled([calls[0]])
    void Promise.allSettled(calls)
  })

  it('resolves when calls give up before there is a connection, and at the end', async () => {
    const zk = new ZooKeeper('a:1', { pendingMax: 2 }, world)
    const calls = [zk.get('/a', { deadlineMs: 10 }), zk.get('/a')].map((call) =>
      assert.rejects(call, { name: 'ZooKeeperError' }),
    )
    const drained = zk.drained()
    assert.equal(await isSettled(drained), false)
    await world.advance(10)
    await drained
    const more = assert.rejects(zk.get('/a'), { code: 'Closed' })
    const atTheEnd = zk.drained()
    await zk.close()
    await Promise.all([atTheEnd, more, ...calls])
  })
})
