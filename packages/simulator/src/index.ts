/** The public face of the simulator room. */
export type { Checker } from './checkers/checker.ts'
export { standardCheckers } from './checkers/standard-checkers.ts'
export { type FaultKind, faultKinds } from './faults/fault-counts.ts'
export type { Fault, FaultTargets } from './faults/fault.ts'
export { allFaults } from './faults/nemesis.ts'
export type { Observation } from './history/observation.ts'
export { reportFaults, reportRun } from './report.ts'
export { runSeeds, type SeedRuns } from './seed-runs.ts'
export {
  simulate,
  type SimulationOptions,
  type SimulationResult,
  simulationDefaults,
  type Violation,
} from './simulation.ts'
export { type DriverParts, StandaloneDriver } from './server/standalone-driver.ts'
