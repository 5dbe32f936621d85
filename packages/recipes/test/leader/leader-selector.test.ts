import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import { type Leadership, LeaderSelector, runAsLeader } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'

let server: TestServer
before(async () => {
  server = await startServer()
  await (await server.client()).create('/data')
})
after(() => server.close())

function aborted({ signal }: Leadership<'utf8'>): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort')
}

describe('runAsLeader', { timeout: 60_000 }, () => {
  it('carries one task out at a time, with growing tokens', async () => {
    const tokens: number[] = []
    let insideCount = 0
    await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const zk = await server.client()
        const result = await runAsLeader(zk, '/task/one', async ({ token, guarded }) => {
          assert.equal(++insideCount, 1)
          tokens.push(token)
          await guarded.set('/data', String(i))
          insideCount--
          return i
        })
        assert.equal(result, i)
      }),
    )
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => a - b),
    )
  })

  it('tells the task when the leadership is lost', async () => {
    const zk = await server.client()
    const reason = await runAsLeader(zk, '/task/lost', async (leadership) => {
      await zk.delete(leadership.path)
      await aborted(leadership)
      await assert.rejects(leadership.guarded.set('/data', 'late'), { code: 'LockLost' })
      return leadership.signal.reason.code as string
    })
    assert.equal(reason, 'LockLost')
  })

  it('throws what the task throws, and gives the leadership back', async () => {
    const zk = await server.client()
    const failing = runAsLeader(zk, '/task/failing', () => {
      throw new Error('of the task')
    })
    await assert.rejects(failing, /of the task/)
    assert.equal(
      await runAsLeader(zk, '/task/failing', () => 'next', { deadlineMs: 5_000 }),
      'next',
    )
  })

  it('stops by its signal, waiting or leading', async () => {
    const zk = await server.client()
    const source = new AbortController()
    const begun = Promise.withResolvers<void>()
    const leading = runAsLeader(
      zk,
      '/task/stopped',
      async (leadership) => {
        begun.resolve()
        await aborted(leadership)
      },
      { signal: source.signal },
    )
    await begun.promise
    const waiting = runAsLeader(zk, '/task/stopped', () => {}, { deadlineMs: 10 })
    await assert.rejects(waiting, { code: 'OperationTimeout' })
    source.abort()
    await leading
  })
})

describe('LeaderSelector', { timeout: 60_000 }, () => {
  it('gives each a turn, again and again', async () => {
    const turns: string[] = []
    const selectors: LeaderSelector[] = []
    const enough = Promise.withResolvers<void>()
    for (const id of ['a', 'b', 'c']) {
      const zk = await server.client()
      const selector = new LeaderSelector(
        zk,
        '/selector/turns',
        () => {
          turns.push(id)
          if (turns.length >= 9) enough.resolve()
        },
        { id },
      )
      void selector.start()
      selectors.push(selector)
    }
    await enough.promise
    await Promise.all(selectors.map((selector) => selector.close()))
    for (const id of ['a', 'b', 'c']) assert.ok(turns.filter((turn) => turn === id).length >= 2)
    await eventually(async () => (await selectors[0].participants()).length === 0)
  })

  it('can be interrupted, and ends when it is closed', async () => {
    const zk = await server.client()
    const begun: (() => void)[] = []
    const selector = new LeaderSelector(zk, '/selector/interrupt', async (leadership) => {
      begun.shift()?.()
      await aborted(leadership)
    })
    const firstTurn = new Promise<void>((resolve) => begun.push(resolve))
    const secondTurn = new Promise<void>((resolve) => begun.push(resolve))
    const ended = selector.start()
    await firstTurn
    assert.equal(selector.hasLeadership, true)
    selector.interrupt()
    await secondTurn
    await selector.close()
    await ended
    assert.equal(selector.hasLeadership, false)
  })

  it('ends with a task that throws', async () => {
    const zk = await server.client()
    const selector = new LeaderSelector(zk, '/selector/throws', () => {
      throw new Error('of the task')
    })
    await assert.rejects(selector.start(), /of the task/)
  })
})
