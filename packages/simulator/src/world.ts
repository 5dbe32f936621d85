/** What every part of a simulation is handed: time, chance, the fault counters, and where observations go. */
import type { FaultCounts } from './faults/fault-counts.ts'
import type { Observation } from './history/observation.ts'
import type { Prng } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface World {
  readonly scheduler: Scheduler
  /** Fork it; do not draw from it. */
  readonly random: Prng
  readonly faults: FaultCounts
  /** Tells the checkers. */
  observe(observation: Observation): void
  /** A server has something for its log, with this code (and kind, if it has one): they are counted. */
  reported(code: string): void
}

export const usPerMs = 1_000
