/** The public face of the consensus room. */
export * from './engine.ts'
export * from './peer-link.ts'
export * from './standalone.ts'
export * from './quorum/hierarchical-quorums.ts'
export * from './quorum/joint-quorums.ts'
export * from './quorum/majority-quorums.ts'
export * from './quorum/membership.ts'
export * from './quorum/membership-error.ts'
export * from './quorum/parse-membership.ts'
export * from './quorum/reconfiguration.ts'
export * from './quorum/quorum-system.ts'
export { formatServerLine, parseServerLine } from './quorum/server-line.ts'
export {
  ElectionConnections,
  type ElectionConnectionsParameters,
} from './election/election-connections.ts'
export * from './election/election-ports.ts'
export { FastLeaderElection } from './election/fast-leader-election.ts'
export type { Candidate, ElectionState, Vote } from './election/vote.ts'
export * from './zab/diskless-id.ts'
export * from './zab/zab-ports.ts'
export { ZabEngine } from './zab/zab-engine.ts'
