/** Real connections to a real ensemble, cut at random bytes. Ten thousand cuts: `npm run cuts`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLostWrites } from './lost-writes-run.ts'

const wallMsMax = 60_000

test(
  'no write is in doubt, lost or carried out twice, wherever connections are cut and leaders die',
  { timeout: 2 * wallMsMax },
  async () => {
    const report = await runLostWrites({ seed: 7, cutsMin: 300, cutsPerKill: 100, wallMsMax })
    assert.deepEqual(report.problems, [])
    assert.equal(report.ambiguousCount, 0)
    assert.ok(report.cutCount >= 300 && report.killCount >= 2, JSON.stringify(report))
  },
)
