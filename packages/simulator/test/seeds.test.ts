/** The runs that stand in for all runs: fixed seeds, everything at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  faultKinds,
  faultsByName,
  reportRun,
  simulateAsync,
  type SimulationOptions,
  type SimulationResult,
} from '@quorate/simulator'

const results: SimulationResult[] = []

async function findsNothing(
  options: Partial<SimulationOptions> & { readonly seed: number },
): Promise<SimulationResult> {
  const result = await simulateAsync(options)
  results.push(result)
  assert.equal(result.violation, undefined, reportRun(result))
  return result
}

for (let seed = 1; seed <= 5; seed++) {
  test(`seed ${seed} finds nothing wrong with a server that is alone`, async () => {
    const result = await findsNothing({
      seed,
      topology: { isStandalone: true },
      durationMs: 5_000,
      livenessBoundMs: 4_000,
    })
    assert.ok(result.replyCount > 100 && result.recoveryCount > 1, reportRun(result))
  })
}

for (let seed = 1; seed <= 24; seed++) {
  test(`seed ${seed} finds nothing wrong with an ensemble`, async () => {
    const result = await findsNothing({ seed, durationMs: 12_000 })
    assert.ok(result.replyCount > 100 && result.leaderCount > 1, reportRun(result))
  })
}

test('every kind of fault had an effect in those runs', () => {
  const missed = faultKinds.filter((kind) =>
    results.every(({ faultHits }) => (faultHits.get(kind) ?? 0) === 0),
  )
  assert.deepEqual(missed, [])
})

test('leaders hand over from slow disks, and members serve without full ones', async () => {
  for (const [fault, code] of [
    ['disk.slow-sync', 'LEADER_DISK_SLOW'],
    ['disk.full', 'SERVING_WITHOUT_DISK'],
  ] as const) {
    const faults = faultsByName([fault])
    const { reports } = await findsNothing({ seed: 1, durationMs: 12_000, faults })
    assert.ok(reports.has(code), code)
  }
})
