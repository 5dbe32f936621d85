/** The recipes for members of something on real clients, under the default mix of faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standardCheckers } from '../src/checkers/standard-checkers.ts'
import { reportRun } from '../src/report.ts'
import { simulateAsync, type SimulationOptions } from '../src/simulation.ts'
import { Counts } from './counts.ts'

const run = { clientCount: 1, realClientCount: 0, memberClientCount: 3, livenessBoundMs: 5_000 }

/** What is seen of them at least, in all runs together: a run of its own may be cut off from its servers most of the time. */
const told = {
  nodeHeld: 20,
  nodeLeft: 4,
  looked: 60,
  shareTaken: 4,
  configSeen: 20,
  configWritten: 8,
  barrierTold: 8,
  barrierEntered: 2,
  barrierLeft: 2,
  rested: 6,
}

test('recipes for members keep their promises under faults', { timeout: 240_000 }, async () => {
  const counts = new Counts()
  const createCheckers: SimulationOptions['createCheckers'] = (options) => [
    ...standardCheckers(options),
    counts,
  ]
  for (const seed of [1, 2]) {
    const result = await simulateAsync({ ...run, durationMs: 2_500, seed, createCheckers })
    assert.equal(result.violation, undefined, reportRun(result))
  }
  for (const [type, least] of Object.entries(told))
    assert.ok(counts.of(type) >= least, `${type}: ${counts.of(type)}`)
})

test('the same seed gives the same event log with recipes for members', async () => {
  const topology = { isStandalone: true }
  const short = { ...run, memberClientCount: 2, topology, seed: 3, durationMs: 500 }
  const [first, second] = await Promise.all([simulateAsync(short), simulateAsync(short)])
  assert.ok(first.steps > 1_000)
  assert.equal(second.hash, first.hash)
})
