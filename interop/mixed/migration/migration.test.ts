/** One rolling migration there and back; `npm run interop:migration` does many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApacheLogHole } from '../apache-log-holes.ts'
import { type MigrationResult, runMigration } from './migration-run.ts'

const attemptsMax = 3

/** Apache's follower itself may lose transactions; such a run says nothing about us, and is done again. */
async function runThatCounts(print: (line: string) => void): Promise<MigrationResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runMigration({ seed: 1, print })
    } catch (error) {
      if (!(error instanceof ApacheLogHole) || attempt === attemptsMax) throw error
      print(`again, as ZOOKEEPER-4712 has made this run void: ${error.message}`)
    }
  }
}

test(
  'an ensemble moves from Apache to us and back under load and loses nothing',
  { timeout: 400_000 },
  async (context) => {
    const result = await runThatCounts((line) => context.diagnostic(line))
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
