import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { LeaderLatch } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => {
  server = await startServer()
  await (await server.client()).create('/data')
})
after(() => server.close())

async function started(path: string, id: string) {
  const zk = await server.client()
  const latch = new LeaderLatch(zk, path, { id })
  await latch.start()
  return { zk, latch }
}

/** What ends its states. */
async function untilEnd(latch: LeaderLatch): Promise<void> {
  for await (const { isLeader } of latch.states()) assert.equal(isLeader, false)
}

describe('LeaderLatch', { timeout: 60_000 }, () => {
  it('has one leader, the one that came first, and the next when it leaves', async () => {
    const [a, b] = [await started('/latch/turns', 'a'), await started('/latch/turns', 'b')]
    const first = await a.latch.untilLeader()
    assert.deepEqual([a.latch.isLeader, b.latch.isLeader], [true, false])
    assert.deepEqual(
      (await b.latch.participants()).map(({ id }) => id),
      ['a', 'b'],
    )
    assert.match(first.path, /^\/latch\/turns\/_c_[\da-f-]{36}-latch-\d{10}$/)
    await a.latch.close()
    const second = await b.latch.untilLeader()
    assert.ok(second.token > first.token)
    assert.equal(a.latch.isLeader, false)
    assert.equal((await b.latch.leader())?.id, 'b')
    await b.latch.close()
    assert.equal(await b.latch.leader(), undefined)
  })

  it('tells its states, from the present one to its end', async () => {
    const { latch, zk } = await started('/latch/states', 'a')
    const states: boolean[] = []
    for await (const { isLeader, leadership } of latch.states()) {
      states.push(isLeader)
      if (isLeader) {
        await leadership.guarded.set('/data', 'x')
        if (states.filter(Boolean).length === 1) await zk.delete(leadership.path)
        else void latch.close()
      }
    }
    assert.deepEqual(states.filter(Boolean).length, 2)
    assert.equal(states.at(-1), false)
  })

  it('goes to the end of the line when its leader resigns or loses its node', async () => {
    const [a, b] = [await started('/latch/resign', 'a'), await started('/latch/resign', 'b')]
    const first = await a.latch.untilLeader()
    await first.release()
    const second = await b.latch.untilLeader()
    await a.zk.delete(second.path)
    if (!second.lost.aborted) await once(second.lost, 'abort')
    const third = await a.latch.untilLeader()
    assert.ok(first.token < second.token && second.token < third.token)
    await Promise.all([a.latch.close(), b.latch.close()])
  })

  it('passes on when a session expires, and ends with it', async () => {
    const [a, b] = [await started('/latch/expiry', 'a'), await started('/latch/expiry', 'b')]
    const first = await a.latch.untilLeader()
    await server.expire(a.zk)
    const second = await b.latch.untilLeader()
    await assert.rejects(first.guarded.set('/data', 'late'), { code: 'LockLost' })
    await second.guarded.set('/data', 'new')
    await assert.rejects(a.latch.untilLeader(), { code: 'SessionExpired' })
    await assert.rejects(untilEnd(a.latch), { code: 'SessionExpired' })
    await a.latch.close()
    await b.latch.close()
  })

  it('goes on in the new session of a client that has one', async () => {
    const zk = await server.client({ onExpired: 'renew' })
    const latch = new LeaderLatch(zk, '/latch/renewed')
    await latch.start()
    const first = await latch.untilLeader()
    await server.expire(zk)
    if (!first.lost.aborted) await once(first.lost, 'abort')
    const second = await latch.untilLeader()
    assert.ok(second.token > first.token)
    await latch.close()
  })

  it('has no two leaders by their own account when one is cut off', async () => {
    const world = new LossyWorld()
    await using zk = new ZooKeeper(server.connectString, { timeout: 400 }, world)
    const latch = new LeaderLatch(zk, '/latch/cut')
    await latch.start()
    await latch.untilLeader()
    const other = await started('/latch/cut', 'b')
    world.fallSilent()
    await other.latch.untilLeader()
    assert.equal(latch.isLeader, false)
    await other.latch.close()
  })

  it('gives up waiting, and goes on taking part', async () => {
    const [a, b] = [await started('/latch/wait', 'a'), await started('/latch/wait', 'b')]
    await a.latch.untilLeader()
    await assert.rejects(b.latch.untilLeader({ deadlineMs: 10 }), { code: 'OperationTimeout' })
    await a.latch.close()
    await b.latch.untilLeader()
    await b.latch.close()
    await assert.rejects(b.latch.untilLeader(), { code: 'Closed' })
  })

  it('is refused at its start what the servers refuse', async () => {
    const zk = await server.client()
    await assert.rejects(new LeaderLatch(zk, 'no-path').start(), { code: 'BadArguments' })
  })

  it('leaves the line when it is closed while it waits', async () => {
    const [a, b] = [await started('/latch/close', 'a'), await started('/latch/close', 'b')]
    await b.latch.close()
    await eventually(async () => (await a.latch.participants()).length === 1)
    await a.latch.close()
  })
})
