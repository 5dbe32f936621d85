import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionId } from '@quorate/protocol'
import { SessionTracker } from '../src/session-tracker.ts'

function tracker(): SessionTracker {
  return new SessionTracker({ serverId: 1, tickMs: 2_000, wallMs: 1_700_000_000_000 })
}

test('a new id is none that a session of the loaded tree has', () => {
  const first = tracker().nextId()
  const sessions = tracker()
  for (const offset of [0n, 1n, 3n]) sessions.add((first + offset) as SessionId, 4_000, 0)
  assert.deepEqual(
    [sessions.nextId(), sessions.nextId(), sessions.nextId()],
    [first + 2n, first + 4n, first + 5n],
  )
})

test('however many sessions are over, no more are named than were asked for', () => {
  const sessions = tracker()
  for (let i = 0; i < 200_000; i++) sessions.add(BigInt(i) as SessionId, 4_000, 0)
  assert.equal(sessions.expired(6_000, 500).length, 500)
  assert.equal(sessions.expired(6_000, 1_000_000).length, 200_000)
  assert.equal(sessions.expired(5_999, 500).length, 0)
})
