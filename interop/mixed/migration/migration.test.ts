/** One rolling migration there and back; `npm run interop:migration` does many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runMigration } from './migration-run.ts'

test(
  'an ensemble moves from Apache to us and back under load and loses nothing',
  { timeout: 400_000 },
  async (context) => {
    const result = await runMigration({ seed: 1, print: (line) => context.diagnostic(line) })
    for (const { created, counted } of Object.values(result.writers)) {
      assert.ok(created > 0)
      assert.ok(counted > 0)
    }
    assert.equal(result.kills, 6)
    assert.ok(result.locks > 0 && result.watched > 1 && result.sessions > 0)
  },
)
