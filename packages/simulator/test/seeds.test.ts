/** The runs that stand in for all runs: fixed seeds, everything at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultKinds, reportRun, simulate, type SimulationResult } from '@quorate/simulator'

const results: SimulationResult[] = []

for (let seed = 1; seed <= 20; seed++) {
  test(`seed ${seed} finds nothing wrong`, () => {
    const result = simulate({ seed, durationMs: 5_000, livenessBoundMs: 4_000 })
    results.push(result)
    assert.equal(result.violation, undefined, reportRun(result))
    assert.ok(result.replyCount > 100 && result.recoveryCount > 2, reportRun(result))
  })
}

test('every kind of fault had an effect in those runs', () => {
  const missed = faultKinds.filter((kind) =>
    results.every(({ faultHits }) => (faultHits.get(kind) ?? 0) === 0),
  )
  assert.deepEqual(missed, [])
})
