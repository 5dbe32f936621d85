/** The data recipes on real clients under the default mix of faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standardCheckers } from '../src/checkers/standard-checkers.ts'
import { simulateAsync, type SimulationOptions } from '../src/simulation.ts'
import { Counts } from './counts.ts'

for (const seed of [1, 3])
  test(
    `data recipes keep their promises under faults: seed ${seed}`,
    { timeout: 120_000 },
    async () => {
      const counts = new Counts()
      const createCheckers: SimulationOptions['createCheckers'] = (options) => [
        ...standardCheckers(options),
        counts,
      ]
      const options = { clientCount: 1, realClientCount: 0, dataClientCount: 2, durationMs: 4_000 }
      const { violation } = await simulateAsync({ ...options, seed, createCheckers })
      assert.equal(violation, undefined)
      for (const type of ['itemPut', 'takeEnded', 'counted', 'copied'])
        assert.ok(counts.of(type) >= 5, `${type}: ${counts.of(type)}`)
    },
  )
