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

// For runs with real processes, whose clients, histories and checkers are the simulation's.
export { AcknowledgedWrites } from './checkers/acknowledged-writes.ts'
export { AppliedOnce } from './checkers/applied-once.ts'
export { isRead } from './checkers/checker.ts'
export { EphemeralOwners } from './checkers/ephemeral-owners.ts'
export { FencingTokens } from './checkers/fencing-tokens.ts'
export { LeaderEpochs } from './checkers/leader-epochs.ts'
export { Linearizability } from './checkers/linearizability.ts'
export { Liveness } from './checkers/liveness.ts'
export { LockExclusion } from './checkers/lock-exclusion.ts'
export { MemberViews } from './checkers/member-views.ts'
export { MultiAtomicity } from './checkers/multi-atomicity.ts'
export { NodeRemovals } from './checkers/node-removals.ts'
export { PartitionShares } from './checkers/partition-shares.ts'
export { QuotaLimits } from './checkers/quota-limits.ts'
export { ReadOnlyService } from './checkers/read-only-service.ts'
export { ReadState } from './checkers/read-state.ts'
export { RealTimeOrder } from './checkers/real-time-order.ts'
export { RecoveredState } from './checkers/recovered-state.ts'
export { ReplyOrder } from './checkers/reply-order.ts'
export { SessionRefusals } from './checkers/session-refusals.ts'
export { SharedData } from './checkers/shared-data.ts'
export { WatchOrder } from './checkers/watch-order.ts'
export { ZxidOrder } from './checkers/zxid-order.ts'
export type { ClientEndpoint, ClientNetwork } from './client/client-network.ts'
export type { ClientSettings } from './client/client-process.ts'
export { SimulatedClient } from './client/simulated-client.ts'
export { EventLog, type LineSink } from './event-log.ts'
export { FaultCounts } from './faults/fault-counts.ts'
export { CommittedTree } from './history/committed-tree.ts'
export { firstState } from './history/node-states.ts'
export type { NodeView } from './history/tree-view.ts'
export { formatZxid, isSuccessor, TxnHistory } from './history/txn-history.ts'
export { Host } from './host.ts'
export type { EndpointHandler } from './network/endpoint.ts'
export type { DialHandler } from './network/network.ts'
export { Prng } from './prng.ts'
export { Scheduler } from './scheduler.ts'
export { holdersMost } from './workload/contended.ts'
export { createWorkload } from './workload/mixed-workload.ts'
export type { Workload } from './workload/workload.ts'
export type { World } from './world.ts'
