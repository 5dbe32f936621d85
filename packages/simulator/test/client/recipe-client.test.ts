/** The recipes on real clients, under the default mix of faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportRun, simulateAsync, standardCheckers } from '@quorate/simulator'
import type { Checker } from '../../src/checkers/checker.ts'
import type { Observation } from '../../src/history/observation.ts'

const contention = {
  durationMs: 6_000,
  livenessBoundMs: 6_000,
  clientCount: 4,
  recipeClientCount: 5,
}

/** Counts what was granted, by lock. */
class Grants implements Checker {
  readonly name = 'grants'
  readonly countByLock = new Map<string, number>()

  observe(observation: Observation): undefined {
    if (observation.type !== 'granted') return
    const { lock } = observation
    this.countByLock.set(lock, (this.countByLock.get(lock) ?? 0) + 1)
  }
}

const grants = new Grants()

for (let seed = 1; seed <= 6; seed++)
  test(`seed ${seed} finds locks exclusive, and nobody who writes after a lock was lost`, async () => {
    const result = await simulateAsync({
      ...contention,
      seed,
      createCheckers: (options) => [grants, ...standardCheckers(options)],
    })
    assert.equal(result.violation, undefined, reportRun(result))
  })

test('every kind of lock was granted often', () => {
  for (const lock of ['mutex', 'rw', 'semaphore', 'latch', 'account', 'selector'])
    assert.ok((grants.countByLock.get(lock) ?? 0) >= 20, lock)
})

test('the same seed gives the same event log with recipes', async () => {
  const run = { ...contention, seed: 7, durationMs: 2_000 }
  const [first, second] = await Promise.all([simulateAsync(run), simulateAsync(run)])
  assert.ok(first.steps > 1_000)
  assert.equal(second.hash, first.hash)
})
