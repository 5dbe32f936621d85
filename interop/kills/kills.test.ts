/** A minute of it; hours are for `npm run interop:kills`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runKills } from './kill-run.ts'

const timeout = 240_000
const durationMs = 45_000

test(
  'recipes keep what they promise while servers and their processes are killed and stopped',
  { timeout },
  async (t) => {
    const lines: string[] = []
    const { problems, figures, faultCounts, keptAt } = await runKills({
      seed: 1,
      durationMs,
      print: (line) => lines.push(line),
    })
    const again = 'npm run interop:kills -- --seed 1 --minutes 0.75'
    assert.deepEqual(problems, [], `${lines.join('\n')}\njournals: ${keptAt}\nagain: ${again}`)
    const told = [...faultCounts, ...figures].map(([name, count]) => `${count} ${name}`)
    t.diagnostic(told.join(', '))
    // It has seen what it is for.
    for (const kind of ['server.leader-killed', 'worker.holder-paused', 'worker.holder-killed'])
      assert.ok((faultCounts.get(kind) ?? 0) > 0, `no ${kind}`)
    for (const what of [
      'late guarded writes refused',
      'late writes refused by token',
      'barriers left',
      'gates passed',
      'copied',
      'numbered',
      'kept',
      'item leases',
      'suspicions',
      'losses noticed',
      'TTL nodes of killed workers gone',
    ])
      assert.ok((figures.get(what) ?? 0) > 0, `no ${what}`)
  },
)
