import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection } from '../src/connection.ts'
import type { SessionPhase } from '../src/session-phase.ts'
import { SessionTimes } from '../src/session-times.ts'

const times = new SessionTimes(3_000)
times.lastHeardAtMs = 10_000

function linked(lastSentAtMs: number, askedAtMs: number): SessionPhase {
  const connection = { lastSentAtMs, askedAtMs } as Connection
  return { type: 'linked', connection } as SessionPhase
}

describe('the times of a session', () => {
  it('pings a third of the timeout after the last request', () => {
    const phase = linked(10_500, 10_500)
    assert.equal(times.nextAtMs(phase), 11_500)
    assert.equal(times.due(phase, 11_499), undefined)
    assert.equal(times.due(phase, 11_500), 'ping')
  })

  it('takes a server for silent after two thirds, but never before it was asked', () => {
    assert.equal(times.due(linked(10_900, 10_900), 12_000), 'silent')
    assert.equal(times.due(linked(10_900, 11_500), 12_000), 'ping')
    assert.equal(times.due(linked(10_900, 11_500), 12_500), 'silent')
  })

  it('dials until a dial is over, pauses, and gives up 4/3 of the timeout after a server was heard', () => {
    const pausing: SessionPhase = { type: 'pausing', untilMs: 11_000 }
    const dialing = { type: 'dialing', untilMs: 11_000 } as SessionPhase
    assert.deepEqual(
      [times.due(pausing, 10_999), times.due(dialing, 10_999)],
      [undefined, undefined],
    )
    assert.deepEqual([times.due(pausing, 11_000), times.due(dialing, 11_000)], ['dial', 'dialOver'])
    assert.deepEqual([times.due(pausing, 14_000), times.due(dialing, 14_000)], ['giveUp', 'giveUp'])
    assert.equal(times.nextAtMs({ type: 'pausing', untilMs: 99_000 }), 14_000)
  })

  it('lets at least three dials fit into the timeout', () => {
    assert.deepEqual([times.dialMs(1), times.dialMs(5)], [1_000, 600])
  })
})
