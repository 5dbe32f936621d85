/**
 * Real servers under real faults, judged by the simulation's checkers. A long run is many short ones, each with its own seed.
 *
 *     npm run interop:faults -- --seed 1 --minutes 2
 *     npm run interop:faults -- --seed 1 --minutes 120 --voters 5 --observers 1
 */
import { parseArgs } from 'node:util'
import { runFaults, type RunResult } from './fault-run.ts'
import { networkChoices, type NetworkChoice } from './network/choice.ts'

/** What a run sees has to fit into memory, and a problem into somebody's head. */
const runMostMinutes = 4

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
    voters: { type: 'string', default: '3' },
    observers: { type: 'string', default: '0' },
    network: { type: 'string', default: 'auto' },
  },
})
const firstSeed = wholeNumber('seed', 0)
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`found --minutes ${values.minutes}; expected a number above 0`)
const voterCount = wholeNumber('voters', 1)
const observerCount = wholeNumber('observers', 0)
const network = networkChoices.find((choice) => choice === values.network)
if (network === undefined)
  throw new Error(`found --network ${values.network}; expected ${networkChoices.join(', ')}`)

const totals = new Map<string, number>()
let operationCount = 0
let failedCount = 0
let runCount = 0
for (let leftMinutes = minutes; leftMinutes > 0.01; leftMinutes -= runMostMinutes) {
  const seed = firstSeed + runCount++
  const runMinutes = Math.min(runMostMinutes, leftMinutes)
  console.log(`seed ${seed}: ${voterCount} voters, ${observerCount} observers, ${runMinutes} min`)
  const result = await runFaults({
    seed,
    durationMs: runMinutes * 60_000,
    voterCount,
    observerCount,
    network,
    print: (line) => console.log(line),
  })
  report(result, { seed, runMinutes, network })
  operationCount += result.operationCount
  if (result.problems.length > 0) failedCount++
  for (const [name, count] of result.faultCounts) totals.set(name, (totals.get(name) ?? 0) + count)
}
console.log(
  `\n${runCount - failedCount} of ${runCount} runs passed; ${operationCount} operations judged`,
)
for (const [name, count] of [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(count).padStart(6)}  ${name}`)
process.exitCode = failedCount === 0 ? 0 : 1

function report(
  result: RunResult,
  run: { readonly seed: number; readonly runMinutes: number; readonly network: NetworkChoice },
): void {
  const { operationCount: operations, transactionCount, nodeCount, termCount } = result
  const faults = [...result.faultCounts.values()].reduce((sum, count) => sum + count, 0)
  const slowestMs = Math.max(0, ...result.recoveriesMs)
  console.log(
    `seed ${run.seed}: ${faults} faults, ${operations} operations, ${transactionCount} transactions, ${termCount} terms, ` +
      `${nodeCount} nodes at the end; the slowest of ${result.recoveriesMs.length} recoveries took ${slowestMs} ms`,
  )
  if (result.problems.length === 0) return
  for (const problem of result.problems) console.log(`  PROBLEM: ${problem}`)
  console.log(`  logs and data: ${result.keptAt}`)
  console.log(
    `  again: npm run interop:faults -- --seed ${run.seed} --minutes ${run.runMinutes} --voters ${voterCount} --observers ${observerCount} --network ${run.network}`,
  )
}

function wholeNumber(name: 'seed' | 'voters' | 'observers', least: number): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < least)
    throw new Error(`found --${name} ${values[name]}; expected a whole number, at least ${least}`)
  return value
}
