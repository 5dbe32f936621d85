import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LogSync } from '../../src/zab/log-sync.ts'

/** A log whose syncs are completed by hand. */
function slowLog(): {
  readonly log: { lastZxid: number; sync(done: () => void): void }
  readonly logSync: LogSync
  readonly complete: () => void
  readonly started: () => number
} {
  const pending: (() => void)[] = []
  let started = 0
  const log = {
    lastZxid: 0,
    sync(done: () => void) {
      started++
      pending.push(done)
    },
  }
  return {
    log,
    logSync: new LogSync(log as unknown as ConstructorParameters<typeof LogSync>[0]),
    complete: () => pending.shift()!(),
    started: () => started,
  }
}

describe('the syncs of the log', () => {
  test('are one at a time, and what is appended meanwhile shares the next', () => {
    const { log, logSync, complete, started } = slowLog()
    const durable: number[] = []
    logSync.onDurable = (upTo) => durable.push(upTo)
    log.lastZxid = 1
    logSync.request()
    log.lastZxid = 5
    logSync.request()
    logSync.request()
    assert.equal(started(), 1)
    assert.equal(logSync.durable, 0)
    complete()
    assert.equal(logSync.durable, 1)
    assert.equal(started(), 2)
    complete()
    assert.deepEqual(durable, [1, 5])
    logSync.request()
    assert.equal(started(), 2)
  })

  test('are over when a flush is done, and cover what was appended before it', () => {
    const { log, logSync, complete } = slowLog()
    log.lastZxid = 1
    logSync.request()
    log.lastZxid = 2
    let isDone = false
    logSync.flush(() => {
      isDone = true
      assert.equal(logSync.durable, 2)
    })
    complete()
    assert.equal(isDone, false)
    complete()
    assert.ok(isDone)
  })

  test('hold a flush up while one is under way, even when nothing is left to sync', () => {
    const { log, logSync, complete } = slowLog()
    log.lastZxid = 1
    logSync.request()
    let isDone = false
    logSync.flush(() => {
      isDone = true
    })
    assert.equal(isDone, false)
    complete()
    assert.ok(isDone)
  })

  test('need none when all is durable', () => {
    const { logSync, started } = slowLog()
    let isDone = false
    logSync.flush(() => {
      isDone = true
    })
    assert.ok(isDone)
    assert.equal(started(), 0)
  })

  test('take what was loaded anew as durable', () => {
    const { log, logSync, started } = slowLog()
    log.lastZxid = 7
    logSync.reset()
    assert.equal(logSync.durable, 7)
    logSync.request()
    assert.equal(started(), 0)
  })
})
