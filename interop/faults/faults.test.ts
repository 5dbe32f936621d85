/** Some minutes' worth of faults in short, on each kind of network; hours of them are for `npm run interop:faults`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RunResult, runFaults } from './fault-run.ts'
import type { NetworkChoice } from './network/choice.ts'

const timeout = 300_000
const durationMs = 35_000
/** What comes of a seed is not the same each time; so many there are at least. */
const faultsLeast = 4
const operationsLeast = 500

async function run(seed: number, network: NetworkChoice): Promise<RunResult> {
  const lines: string[] = []
  const result = await runFaults({
    seed,
    durationMs,
    voterCount: 3,
    observerCount: 1,
    network,
    print: (line) => lines.push(line),
  })
  assert.deepEqual(
    result.problems,
    [],
    `${lines.join('\n')}\nlogs and data: ${result.keptAt}\nagain: npm run interop:faults -- --seed ${seed} --minutes 0.6 --observers 1 --network ${network}`,
  )
  return result
}

describe('three voters and an observer, as processes under faults', () => {
  for (const [seed, network] of [
    [1, 'auto'],
    [2, 'relays'],
  ] as const) {
    test(`keep what they promise (network: ${network})`, { timeout }, async (t) => {
      const { faultCounts, operationCount } = await run(seed, network)
      const faults = [...faultCounts].map(([name, count]) => `${count} ${name}`)
      t.diagnostic(`${operationCount} operations; ${faults.join(', ')}`)
      assert.ok(faults.length >= faultsLeast, `only ${faults.join(', ')}`)
      assert.ok(operationCount >= operationsLeast, `only ${operationCount} operations`)
    })
  }
})
