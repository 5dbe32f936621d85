/**
 * Runs seeds of the default mix with a fault planted, until a checker finds something.
 *
 * 1. A seed that finds something counts only when the same seed finds nothing without the fault.
 * 2. The process that has the fault does nothing else; the fault is in its environment only.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { RunRequest, SimulationResult } from '@quorate/simulator'
import type { PlantedFault } from './planted-fault.ts'
import { faultVariable } from './fault-variable.ts'

export interface HuntOptions {
  readonly firstSeed?: number
  /** Seeds to try, at most. */
  readonly seedCount: number
  /** No seed is begun after so much real time. */
  readonly wallMsMax: number
  /** Of every run; all else is as the simulator has it by default. */
  readonly durationMs?: number | undefined
}

export interface Hunt {
  /** Undefined: nothing was found. */
  readonly found:
    | { readonly seed: number; readonly checker: string; readonly message: string }
    | undefined
  readonly seedCount: number
  /** Of all seeds that were tried. */
  readonly simulatedMs: number
  /** Of their runs alone, with the start of the process. */
  readonly wallMs: number
  /** Seeds that did not come to an end. */
  readonly endlessSeeds: readonly number[]
}

const workerUrl = new URL('../../src/node/seed-worker.ts', import.meta.url)
const hookUrl = new URL('./planting-hook.ts', import.meta.url)
/** See {@link PlantedFault.hasRecipes}. */
const recipeMix = { recipeClientCount: 5, dataClientCount: 3 }
/** See {@link PlantedFault.hasMembers}. */
const memberMix = { clientCount: 1, realClientCount: 0, memberClientCount: 3 }
/** A run that takes longer is given up. */
const runWallMsMax = 120_000

/** A process that runs seeds, one at a time. */
class SeedProcess {
  readonly #child: ChildProcess

  constructor(fault: PlantedFault | undefined) {
    const planting = fault === undefined ? [] : ['--import', hookUrl.href]
    this.#child = fork(workerUrl, {
      serialization: 'advanced',
      execArgv: ['--conditions=source', '--no-warnings', ...planting],
      env: { ...process.env, [faultVariable]: fault?.name ?? '' },
    })
  }

  /** @returns undefined when the run does not come to an end */
  async run(request: RunRequest): Promise<SimulationResult | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<SimulationResult | undefined>()
    const ended = (code: number | null): void =>
      reject(new Error(`the process of seed ${request.seed} ended with ${code}`))
    const timer = setTimeout(() => resolve(undefined), runWallMsMax)
    this.#child.once('message', resolve)
    this.#child.once('exit', ended)
    this.#child.send(request)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#child.off('message', resolve)
      this.#child.off('exit', ended)
    }
  }

  end(): void {
    this.#child.kill()
  }
}

/** Says of seeds whether they find nothing when no fault is planted. */
export class Controls {
  readonly #isCleanByRun = new Map<string, Promise<boolean>>()
  #process: SeedProcess | undefined
  #last: Promise<unknown> = Promise.resolve()

  isClean(request: RunRequest): Promise<boolean> {
    const key = JSON.stringify(request)
    const known = this.#isCleanByRun.get(key)
    if (known !== undefined) return known
    const isClean = this.#last.then(async () => {
      this.#process ??= new SeedProcess(undefined)
      const result = await this.#process.run(request)
      return result !== undefined && result.violation === undefined
    })
    this.#last = isClean
    this.#isCleanByRun.set(key, isClean)
    return isClean
  }

  end(): void {
    this.#process?.end()
    this.#process = undefined
  }
}

/** @param controls undefined: somebody else sees to it that seeds find nothing without a fault */
export async function hunt(
  fault: PlantedFault,
  controls: Controls | undefined,
  options: HuntOptions,
): Promise<Hunt> {
  const { firstSeed = 1, seedCount, wallMsMax, durationMs } = options
  const startMs = performance.now()
  const endlessSeeds: number[] = []
  let simulatedMs = 0
  let wallMs = 0
  let tried = 0
  let found: Hunt['found']
  let seeds = new SeedProcess(fault)
  try {
    while (found === undefined && tried < seedCount && performance.now() - startMs < wallMsMax) {
      const request = {
        seed: firstSeed + tried++,
        topology: {},
        durationMs,
        ...(fault.hasRecipes === true ? recipeMix : {}),
        ...(fault.hasMembers === true ? memberMix : {}),
      }
      const runStartMs = performance.now()
      const result = await seeds.run(request)
      wallMs += performance.now() - runStartMs
      if (result === undefined) {
        endlessSeeds.push(request.seed)
        seeds.end()
        seeds = new SeedProcess(fault)
        continue
      }
      simulatedMs += result.virtualMs
      const { violation } = result
      if (violation !== undefined && (controls === undefined || (await controls.isClean(request))))
        found = { seed: request.seed, checker: violation.checker, message: violation.message }
    }
  } finally {
    seeds.end()
  }
  return { found, seedCount: tried, simulatedMs, wallMs, endlessSeeds }
}
