/** The public face of the simulator room. */
export type { Checker } from './checkers/checker.ts'
export { standardCheckers } from './checkers/standard-checkers.ts'
export { type FaultKind, faultKinds } from './faults/fault-counts.ts'
export type { Fault, FaultTargets } from './faults/fault.ts'
export { allFaults } from './faults/nemesis.ts'
export type { Observation } from './history/observation.ts'
export { reportRun } from './report.ts'
export {
  argumentsOf,
  faultNames,
  faultsByName,
  runRequest,
  type RunRequest,
} from './run-request.ts'
export { RunSummary } from './run-summary.ts'
export { shrink, type ShrinkOptions, type Shrunk } from './shrinking.ts'
export {
  simulate,
  simulateAsync,
  type SimulationOptions,
  type SimulationResult,
  simulationDefaults,
  type Violation,
} from './simulation.ts'
export { createEnsembleMember } from './server/ensemble-member-factory.ts'
export { type DriverParts, StandaloneDriver } from './server/standalone-driver.ts'
export type { Topology, TopologyWish } from './topology.ts'
export { workloadNames } from './workload/mixed-workload.ts'
