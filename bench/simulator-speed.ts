/**
 * How fast the simulator is: virtual seconds a second of one core, for three loaded voters under every checker.
 *
 *     npm run bench:simulator [-- --seeds 6 --seconds 30 --save]
 *
 * CPU time counts (all threads: compilation and garbage collection too), not the clock on the wall. The first seeds warm up
 * and are not measured: most of their time is compilation. Of the first scenario there are more, as a process that runs
 * many seeds gets no faster behind some ten.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runRequest, type RunRequest } from '@quorate/simulator'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

interface Scenario {
  readonly name: string
  readonly request: Omit<RunRequest, 'seed'>
}

interface Totals {
  cpuSeconds: number
  virtualSeconds: number
  events: number
  operations: number
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '30' },
    scenario: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
})
const warmUpCount = 3
const firstWarmUpCount = 10
/** The last of those that warm up, behind any that is measured. */
const warmUpSeed = 1_000
const seedCount = Number(values.seeds)
const threeVoters = {
  topology: { voterCount: 3, observerCount: 0 },
  durationMs: Number(values.seconds) * 1_000,
  clientCount: 12,
}
const scenarios: readonly Scenario[] = [
  { name: 'no faults', request: { ...threeVoters, faultNames: [] } },
  // Just above what counts as a loaded run.
  {
    name: 'no faults, least load',
    request: { ...threeVoters, faultNames: [], loadPerSecond: 105 },
  },
  { name: 'all faults', request: threeVoters },
]

const { startedAt, host } = describeHost()
const fileName = `${startedAt.slice(0, 16).replace('T', '-').replace(':', '')}-${host}.jsonl`
const folder = join(resultsDirectory, 'simulator')
if (values.save) mkdirSync(folder, { recursive: true })
const file = values.save ? new ResultsFile(join(folder, fileName)) : undefined
file?.append({ type: 'environment', ...describeHost(), commands: {} })
const chosen = scenarios.filter(({ name }) => name === (values.scenario ?? name))
for (const [at, scenario] of chosen.entries()) {
  const figures = figuresOf(await measured(scenario, at === 0 ? firstWarmUpCount : warmUpCount))
  console.log(scenario.name, figures)
  file?.append({
    type: 'measurement',
    server: 'simulator',
    repetition: 1,
    case: scenario.name,
    figures,
  })
}

async function measured({ name, request }: Scenario, warmUps: number): Promise<Totals> {
  const totals = { cpuSeconds: 0, virtualSeconds: 0, events: 0, operations: 0 }
  // The measured seeds are always the same ones.
  for (let run = 1 - warmUps; run <= seedCount; run++) {
    const seed = run > 0 ? 1 + warmUpCount + run : warmUpSeed + run
    const before = process.cpuUsage()
    const result = await runRequest({ ...request, seed })
    const { user, system } = process.cpuUsage(before)
    if (result.violation !== undefined)
      console.log(`${name}: seed ${seed} fails: ${result.violation.message}`)
    if (run <= 0) continue
    totals.cpuSeconds += (user + system) / 1_000_000
    totals.virtualSeconds += result.virtualMs / 1_000
    totals.events += result.steps
    totals.operations += result.replyCount
  }
  return totals
}

function figuresOf({
  cpuSeconds,
  virtualSeconds,
  events,
  operations,
}: Totals): Readonly<Record<string, number>> {
  return {
    virtualSecondsPerCpuSecond: rounded(virtualSeconds / cpuSeconds),
    operationsPerVirtualSecond: rounded(operations / virtualSeconds),
    operationsPerCpuSecond: Math.round(operations / cpuSeconds),
    eventsPerOperation: rounded(events / operations),
    microsecondsPerEvent: rounded((cpuSeconds * 1_000_000) / events),
    cpuSeconds: rounded(cpuSeconds),
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
