import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionId } from '@quorate/protocol'
import { SessionIds } from '../src/session-ids.ts'

function sessionIds(): SessionIds {
  return new SessionIds({ serverId: 1, wallMs: 1_700_000_000_000 })
}

test('a new id is none that a session of the loaded tree has', () => {
  const first = sessionIds().next(() => false)
  const taken = new Set([0n, 1n, 3n].map((offset) => (first + offset) as SessionId))
  const ids = sessionIds()
  const next = (): SessionId => ids.next((id) => taken.has(id))
  assert.deepEqual([next(), next(), next()], [first + 2n, first + 4n, first + 5n])
})
