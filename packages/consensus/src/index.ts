/** The public face of the consensus room. */
export * from './engine.ts'
export * from './peer-link.ts'
export * from './standalone.ts'
export * from './quorum/membership.ts'
export * from './quorum/quorum-system.ts'
export * from './election/fast-leader-election.ts'
export type { Candidate, ElectionState, Vote } from './election/vote.ts'
export * from './zab/zab-ports.ts'
