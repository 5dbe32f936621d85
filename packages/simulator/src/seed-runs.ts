/** Runs of many seeds, one after another, with a line for each. */
import { reportFaults, reportRun } from './report.ts'
import { simulate, simulationDefaults, type SimulationResult } from './simulation.ts'

export interface SeedRuns {
  readonly firstSeed: number
  readonly lastSeed: number
  readonly durationMs?: number | undefined
  /** Events under faults, at most. */
  readonly stepsMax?: number | undefined
  /** Every line of the event logs goes to the output. */
  readonly isTraced: boolean
}

/** @returns how many seeds found something */
export function runSeeds(runs: SeedRuns, print: (line: string) => void): number {
  const { durationMs = simulationDefaults.durationMs, stepsMax = simulationDefaults.stepsMax } =
    runs
  const flags = [
    ...(runs.durationMs === undefined ? [] : [`--duration-ms ${durationMs}`]),
    ...(runs.stepsMax === undefined ? [] : [`--steps ${stepsMax}`]),
  ]
  const results: SimulationResult[] = []
  for (let seed = runs.firstSeed; seed <= runs.lastSeed; seed++) {
    const result = simulate({
      seed,
      durationMs,
      stepsMax,
      trace: runs.isTraced ? print : undefined,
    })
    results.push(result)
    print(reportRun(result, flags))
  }
  const failed = results.filter(({ violation }) => violation !== undefined)
  print(`faults: ${reportFaults(results)}`)
  print(
    `${results.length} seeds, ${failed.length} failed${failed.map(({ seed }) => ` ${seed}`).join('')}`,
  )
  return failed.length
}
