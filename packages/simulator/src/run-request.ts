/** A run as the command line asks for it: plain data, that a child process can be handed. */
import type { LineSink } from './event-log.ts'
import type { Fault } from './faults/fault.ts'
import { allFaults } from './faults/nemesis.ts'
import {
  simulateAsync,
  simulationDefaults,
  type SimulationOptions,
  type SimulationResult,
} from './simulation.ts'
import type { TopologyWish } from './topology.ts'

/** What is undefined is as {@link simulationDefaults} says. */
export interface RunRequest {
  readonly seed: number
  readonly topology: TopologyWish
  readonly durationMs?: number | undefined
  /** Events under faults, at most. */
  readonly stepsMax?: number | undefined
  readonly clientCount?: number | undefined
  readonly realClientCount?: number | undefined
  readonly recipeClientCount?: number | undefined
  readonly dataClientCount?: number | undefined
  readonly memberClientCount?: number | undefined
  readonly loadPerSecond?: number | undefined
  /** Names of faults; all others stay away. */
  readonly faultNames?: readonly string[] | undefined
  readonly workload?: string | undefined
}

export const faultNames: readonly string[] = allFaults.map(({ name }) => name)

/** @throws Error that names what there is, when a name is unknown */
export function faultsByName(names: readonly string[]): readonly Fault[] {
  for (const name of names)
    if (!faultNames.includes(name))
      throw new Error(`there is no fault "${name}"; there are ${faultNames.join(', ')}`)
  return allFaults.filter(({ name }) => names.includes(name))
}

export function runRequest(request: RunRequest, trace?: LineSink): Promise<SimulationResult> {
  const { faultNames: names, ...asked } = request
  const options: Partial<SimulationOptions> = {
    ...simulationDefaults,
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
    ...(names === undefined ? {} : { faults: faultsByName(names) }),
    trace,
  }
  return simulateAsync({ ...options, seed: request.seed })
}

/** The arguments of `quorate simulate` that ask for this run. */
export function argumentsOf(request: RunRequest): readonly string[] {
  const { topology, faultNames: names } = request
  return [
    `--seed ${request.seed}`,
    ...(topology.isStandalone === true ? ['--standalone'] : []),
    ...option('voters', topology.voterCount),
    ...option('observers', topology.observerCount),
    ...option('duration-ms', request.durationMs),
    ...option('steps', request.stepsMax),
    ...option('clients', request.clientCount),
    ...option('real-clients', request.realClientCount),
    ...option('recipe-clients', request.recipeClientCount),
    ...option('data-clients', request.dataClientCount),
    ...option('member-clients', request.memberClientCount),
    ...option('load', request.loadPerSecond),
    ...option('workload', request.workload),
    ...(names === undefined ? [] : [`--faults ${names.length === 0 ? 'none' : names.join(',')}`]),
  ]
}

function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name} ${value}`]
}
