/** The data recipes on real clients under the default mix of faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standardCheckers } from '../src/checkers/standard-checkers.ts'
import { reportRun } from '../src/report.ts'
import { simulateAsync, type SimulationOptions } from '../src/simulation.ts'
import { Counts } from './counts.ts'

test('data recipes keep their promises under faults', { timeout: 240_000 }, async () => {
  const counts = new Counts()
  const createCheckers: SimulationOptions['createCheckers'] = (options) => [
    ...standardCheckers(options),
    counts,
  ]
  const options = { clientCount: 1, realClientCount: 0, dataClientCount: 2, durationMs: 4_000 }
  for (const seed of [1, 3]) {
    const result = await simulateAsync({ ...options, seed, createCheckers })
    assert.equal(result.violation, undefined, reportRun(result))
  }
  for (const type of ['itemPut', 'takeEnded', 'counted', 'copied'])
    assert.ok(counts.of(type) >= 10, `${type}: ${counts.of(type)}`)
})
