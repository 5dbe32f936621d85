/** Some minutes' worth of faults in short, on each kind of network; hours of them are for `npm run interop:faults`. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { type RunResult, runFaults } from './fault-run.ts'
import type { NetworkChoice } from './network/choice.ts'

const timeout = 300_000
const durationMs = 35_000
/** What comes of a seed is not the same each time; so many there are at least. */
const faultsLeast = 4
const operationsLeast = 500

interface Run {
  readonly seed: number
  readonly voterCount: number
  readonly network: NetworkChoice
}

const runs: readonly Run[] = [
  { seed: 1, voterCount: 3, network: 'auto' },
  { seed: 2, voterCount: 5, network: 'relays' },
]

/** What a run was made on, and what it lacks. */
const ground = /network( namespaces)?: |disks: |is not part of this run: /

async function run({ seed, voterCount, network }: Run, context: TestContext): Promise<RunResult> {
  const lines: string[] = []
  const result = await runFaults({
    seed,
    durationMs,
    voterCount,
    observerCount: 1,
    network,
    print(line) {
      lines.push(line)
      if (ground.test(line)) context.diagnostic(line)
    },
  })
  assert.deepEqual(
    result.problems,
    [],
    `${lines.join('\n')}\nlogs and data: ${result.keptAt}\nagain: npm run interop:faults -- --seed ${seed} --minutes 0.6 --voters ${voterCount} --observers 1 --network ${network}`,
  )
  return result
}

describe('voters and an observer, as processes under faults', () => {
  for (const each of runs) {
    const { voterCount, network } = each
    test(
      `${voterCount} of them keep what they promise (network: ${network})`,
      { timeout },
      async (t) => {
        const { faultCounts, operationCount } = await run(each, t)
        const faults = [...faultCounts].map(([name, count]) => `${count} ${name}`)
        t.diagnostic(`${operationCount} operations; ${faults.join(', ')}`)
        assert.ok(faults.length >= faultsLeast, `only ${faults.join(', ')}`)
        assert.ok(operationCount >= operationsLeast, `only ${operationCount} operations`)
      },
    )
  }
})
