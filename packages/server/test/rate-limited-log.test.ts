import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimitedLog } from '../src/rate-limited-log.ts'
import type { LogLine } from '../src/server-log.ts'

describe('RateLimitedLog', () => {
  it('passes on five lines of a code in ten seconds and counts the rest', () => {
    const lines: LogLine[] = []
    let nowMs = 0
    const log = new RateLimitedLog({ write: (line) => lines.push(line) }, () => nowMs)
    const noisy: LogLine = { level: 'warn', code: 'NOISY', message: 'again' }
    for (let i = 0; i < 12; i++) log.write(noisy)
    log.write({ level: 'info', code: 'QUIET', message: 'once' })
    assert.deepEqual(
      lines.map((line) => line.code),
      ['NOISY', 'NOISY', 'NOISY', 'NOISY', 'NOISY', 'QUIET'],
    )
    nowMs = 10_000
    log.write(noisy)
    assert.deepEqual(lines.at(-1), { ...noisy, fields: { suppressedCount: 7 } })
    nowMs = 25_000
    log.write(noisy)
    assert.deepEqual(lines.at(-1), noisy)
  })
})
