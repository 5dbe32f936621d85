import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionId } from '@quorate/protocol'
import { SessionTracker } from '../src/session-tracker.ts'

test('however many sessions are over, no more are named than were asked for', () => {
  const sessions = new SessionTracker(2_000)
  for (let i = 0; i < 200_000; i++) sessions.add(BigInt(i) as SessionId, 4_000, 0)
  assert.equal(sessions.expired(6_000, 500).length, 500)
  assert.equal(sessions.expired(6_000, 1_000_000).length, 200_000)
  assert.equal(sessions.expired(5_999, 500).length, 0)
})
