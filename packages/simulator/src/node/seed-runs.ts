/** Runs of many seeds, with a line for each that finds something, and a summary. */
import { performance } from 'node:perf_hooks'
import {
  reportRun,
  runRequest,
  type RunRequest,
  RunSummary,
  shrink,
  type SimulationResult,
} from '../index.ts'
import { createPool, type RunPool } from './worker-pool.ts'

export interface SeedRuns {
  readonly firstSeed: number
  /** Infinity: until the minutes are over. */
  readonly lastSeed: number
  /** No seed is begun after so many minutes of real time. */
  readonly minutes?: number | undefined
  /** Of every run, but for its seed. */
  readonly request: Omit<RunRequest, 'seed'>
  /** Every line of the event logs goes to the output. */
  readonly isTraced: boolean
  /** Processes that run seeds at the same time. */
  readonly jobs: number
  /** Runs that are spent to make a failing one smaller; 0: none. */
  readonly shrinkRunsMax: number
}

export interface Output {
  line(text: string): void
  /** Takes the place of the last one, where that is possible. */
  progress(text: string): void
}

const msPerMinute = 60_000
/** Failing runs that are made smaller; the others are only told of. */
const shrunkMost = 3

/** @returns how many seeds found something */
export async function runSeeds(runs: SeedRuns, output: Output): Promise<number> {
  const pool = createPool(runs.isTraced ? 1 : runs.jobs)
  try {
    return await new SeedRun(runs, output, pool).run()
  } finally {
    pool.close()
  }
}

class SeedRun {
  readonly #runs: SeedRuns
  readonly #output: Output
  readonly #pool: RunPool
  readonly #summary = new RunSummary()
  readonly #startMs = performance.now()
  readonly #failed: { readonly request: RunRequest; readonly result: SimulationResult }[] = []
  #nextSeed: number

  constructor(runs: SeedRuns, output: Output, pool: RunPool) {
    this.#runs = runs
    this.#output = output
    this.#pool = pool
    this.#nextSeed = runs.firstSeed
  }

  async run(): Promise<number> {
    await Promise.all(Array.from({ length: this.#pool.size }, () => this.#runOneAfterAnother()))
    for (const { request, result } of this.#failed.slice(0, shrunkMost))
      await this.#shrink(request, result)
    const seconds = (performance.now() - this.#startMs) / 1_000
    const rate = this.#summary.virtualMs / 1_000 / seconds
    for (const line of this.#summary.lines()) this.#output.line(line)
    this.#output.line(
      `${seconds.toFixed(1)} s of real time, ${rate.toFixed(1)} simulated seconds a second`,
    )
    return this.#summary.failedSeeds.length
  }

  async #runOneAfterAnother(): Promise<void> {
    const { lastSeed, minutes = Infinity, request, isTraced } = this.#runs
    while (
      this.#nextSeed <= lastSeed &&
      performance.now() - this.#startMs < minutes * msPerMinute
    ) {
      const run = { ...request, seed: this.#nextSeed++ }
      const result = isTraced
        ? await runRequest(run, (line) => this.#output.line(line))
        : await this.#pool.run(run)
      this.#told(run, result)
    }
  }

  #told(request: RunRequest, result: SimulationResult): void {
    this.#summary.add(result)
    const isAlone = this.#runs.firstSeed === this.#runs.lastSeed
    if (result.violation !== undefined) this.#failed.push({ request, result })
    if (isAlone || result.violation !== undefined) this.#output.line(reportRun(result, request))
    else this.#output.progress(this.#summary.progress())
  }

  async #shrink(request: RunRequest, result: SimulationResult): Promise<void> {
    const runsMax = this.#runs.shrinkRunsMax
    if (runsMax === 0 || this.#runs.isTraced) return
    this.#output.line(`making seed ${request.seed} smaller, with ${runsMax} runs at most`)
    const shrunk = await shrink(request, result, {
      runsMax,
      run: (smaller) => this.#pool.run(smaller),
    })
    this.#output.line(reportRun(shrunk.result, shrunk.request))
  }
}
