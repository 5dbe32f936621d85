/** One rolling migration there and back; `npm run interop:migration` does many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runMigration } from './migration-run.ts'

test(
  'an ensemble moves from Apache to us and back under load and loses nothing',
  { timeout: 400_000 },
  async (context) => {
    const result = await runMigration({ seed: 1, print: (line) => context.diagnostic(line) })
    for (const { created, deleted, counted, multis } of Object.values(result.writers))
      assert.ok(Math.min(created, deleted, counted, multis) > 0)
    // Three voters and an observer, there and back.
    assert.equal(result.steps, 8)
    assert.equal(result.kills, 8)
    assert.ok(result.locks > 0 && result.watched > 1 && result.visitsSeen > 1)
    assert.ok(result.sessions > 0 && result.expired > 0)
    assert.ok(result.containers > 0 && result.timesToLive > 0)
  },
)
