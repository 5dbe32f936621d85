import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SessionLoss } from '../src/index.ts'
import type { SessionLossEvidence } from '../src/session-loss.ts'

function lossOf(evidence: Partial<SessionLossEvidence>): SessionLoss {
  return new SessionLoss({
    refusedBy: { host: 'a', port: 1 },
    wasHeld: true,
    timeoutMs: 30_000,
    silentMs: 0,
    stallMs: 0,
    cause: undefined,
    ...evidence,
  })
}

describe('the loss of a session', () => {
  for (const [reason, evidence] of [
    ['silence', { refusedBy: undefined, silentMs: 40_000 }],
    ['stall', { stallMs: 20_000, silentMs: 40_000 }],
    ['stall', { refusedBy: undefined, stallMs: 40_000 }],
    ['expiredByServer', { silentMs: 31_000, stallMs: 2_000 }],
    ['closedElsewhere', { silentMs: 29_000 }],
    ['unknownToServer', { wasHeld: false }],
  ] as const)
    it(`is laid to ${reason} with ${JSON.stringify(evidence)}`, () => {
      assert.equal(lossOf(evidence).reason, reason)
    })

  it('says what was measured and who said so', () => {
    const cause = new Error('reset')
    const loss = lossOf({ silentMs: 31_234.5, stallMs: 99.6, cause })
    assert.deepEqual([loss.silentMs, loss.stallMs, loss.server?.host], [31_235, 100, 'a'])
    assert.match(loss.message, /^a:1 has expired it: no server was heard for 31\.2 s of a timeout/)
    assert.equal(loss.cause, cause)
  })
})
