import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nodeWorld } from '@quorate/client'
import { Limit } from '../../src/foundation/limit.ts'

const { clock } = nodeWorld
const subject = { op: 'acquire', path: '/lock' }

describe('a limit', () => {
  it('ends a wait at its deadline, with the job in the error', async () => {
    using limit = new Limit(clock, { deadlineMs: 1 }, subject)
    await assert.rejects(
      limit.wait(() => () => {}),
      { code: 'OperationTimeout', op: 'acquire', path: '/lock', applied: 'no' },
    )
    assert.throws(() => limit.check(), { code: 'OperationTimeout' })
  })

  it('ends by the signal of the caller, with its reason as the cause', async () => {
    const source = new AbortController()
    using limit = new Limit(clock, { signal: source.signal }, subject)
    const waiting = limit.wait(() => () => {})
    source.abort('enough')
    await assert.rejects(waiting, { code: 'Aborted', cause: 'enough' })
  })

  it('is over at once for a signal that was aborted', () => {
    using limit = new Limit(clock, { signal: AbortSignal.abort() }, subject)
    assert.throws(() => limit.check(), { code: 'Aborted' })
  })

  it('gives one error for whatever call it cut off', () => {
    using limit = new Limit(clock, {}, subject)
    const failure = new Error('of a call')
    assert.equal(limit.errorOf(failure), failure)
    const lost = new Error('lost')
    limit.until(AbortSignal.abort(), () => lost)
    assert.equal(limit.errorOf(failure), lost)
    assert.ok(limit.signal.aborted)
  })

  it('stops listening when the wait is over', async () => {
    using limit = new Limit(clock, {}, subject)
    let stopCount = 0
    await limit.wait((wake) => {
      wake()
      return () => stopCount++
    })
    await assert.rejects(
      limit.wait((_wake, fail) => {
        fail(new Error('broken'))
        return () => stopCount++
      }),
      /broken/,
    )
    assert.equal(stopCount, 2)
  })
})
