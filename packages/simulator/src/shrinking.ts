/**
 * Makes a failing run smaller: fewer events, fewer kinds of faults, fewer clients, less time, as long as the same checker finds
 * something. Every change makes it another run, so what is found may be another failure of the same kind; it is shorter to read
 * in any case.
 */
import { faultNames, type RunRequest } from './run-request.ts'
import { simulationDefaults, type SimulationResult } from './simulation.ts'
import { usPerMs } from './world.ts'

export interface ShrinkOptions {
  readonly run: (request: RunRequest) => Promise<SimulationResult>
  /** Runs to spend, at most. */
  readonly runsMax: number
}

export interface Shrunk {
  readonly request: RunRequest
  readonly result: SimulationResult
  readonly runCount: number
}

export async function shrink(
  request: RunRequest,
  result: SimulationResult,
  options: ShrinkOptions,
): Promise<Shrunk> {
  const shrinking = new Shrinking(request, result, options)
  await shrinking.endThere()
  await shrinking.dropFaults()
  await shrinking.dropClients()
  await shrinking.shorten()
  await shrinking.dropSteps()
  return shrinking
}

class Shrinking implements Shrunk {
  request: RunRequest
  result: SimulationResult
  runCount = 0
  readonly #checker: string | undefined
  readonly #options: ShrinkOptions

  constructor(request: RunRequest, result: SimulationResult, options: ShrinkOptions) {
    this.request = request
    this.result = result
    this.#checker = result.violation?.checker
    this.#options = options
  }

  /** Faults end where something was found: what comes later costs every further run its time. */
  async endThere(): Promise<void> {
    const durationMs = Math.ceil((this.result.violation?.atUs ?? Infinity) / usPerMs) + 1
    if (durationMs < (this.request.durationMs ?? simulationDefaults.durationMs))
      await this.#accepts({ durationMs })
  }

  /** Halves of what is left, then one at a time. */
  async dropFaults(): Promise<void> {
    let left = this.request.faultNames ?? faultNames
    for (
      let size = Math.ceil(left.length / 2);
      size >= 1;
      size = size > 1 ? Math.ceil(size / 2) : 0
    )
      for (let at = 0; at < left.length;) {
        const without = [...left.slice(0, at), ...left.slice(at + size)]
        if (await this.#accepts({ faultNames: without })) left = without
        else at += size
      }
  }

  async dropClients(): Promise<void> {
    for (;;) {
      const clientCount = this.request.clientCount ?? simulationDefaults.clientCount
      const loadPerSecond = this.request.loadPerSecond ?? simulationDefaults.loadPerSecond
      const smaller = { clientCount: clientCount >> 1, loadPerSecond: loadPerSecond >> 1 }
      if (clientCount < 2 || !(await this.#accepts(smaller))) return
    }
  }

  async shorten(): Promise<void> {
    for (;;) {
      const durationMs = this.request.durationMs ?? simulationDefaults.durationMs
      if (durationMs < 1_000 || !(await this.#accepts({ durationMs: durationMs >> 1 }))) return
    }
  }

  /** The least number of events under faults, if more always fail when fewer do. */
  async dropSteps(): Promise<void> {
    let least = 0
    let most = Math.min(this.request.stepsMax ?? Infinity, this.result.violation?.step ?? Infinity)
    while (most - least > 50) {
      const stepsMax = Math.floor((least + most) / 2)
      if (await this.#accepts({ stepsMax })) most = stepsMax
      else least = stepsMax
      if (this.runCount >= this.#options.runsMax) return
    }
  }

  /** Whether the same checker finds something in this run too; then it is the run to go on with. */
  async #accepts(change: Partial<RunRequest>): Promise<boolean> {
    if (this.runCount >= this.#options.runsMax) return false
    this.runCount++
    const request = { ...this.request, ...change }
    const result = await this.#options.run(request)
    if (result.violation === undefined || result.violation.checker !== this.#checker) return false
    this.request = request
    this.result = result
    return true
  }
}
