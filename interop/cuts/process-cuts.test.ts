/** Real connections to real processes, cut at random bytes. Ten thousand cuts: `npm run interop:cuts`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runProcessCuts } from './process-cuts.ts'

const wallMsMax = 90_000

test(
  'no write is in doubt, lost or carried out twice, wherever connections are cut and leaders’ processes killed',
  { timeout: 2 * wallMsMax },
  async (t) => {
    const report = await runProcessCuts({ seed: 7, cutsMin: 400, cutsPerKill: 100, wallMsMax })
    assert.deepEqual(report.problems, [])
    assert.equal(report.ambiguousCount, 0)
    t.diagnostic(`${report.cutCount} cuts, ${report.killCount} kills, ${report.writeCount} writes`)
    assert.ok(report.cutCount >= 400 && report.killCount >= 3, JSON.stringify(report))
  },
)
