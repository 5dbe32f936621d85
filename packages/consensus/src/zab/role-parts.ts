import type { Membership } from '../quorum/membership.ts'
import type { LogSync } from './log-sync.ts'
import type { ProposalWindow } from './proposal-window.ts'
import type { RoleEnd } from './role-life.ts'
import type { ZabOptions, ZabPorts } from './zab-ports.ts'

/** What a role is given by the engine, and tells it. */
export interface RoleParts {
  readonly options: ZabOptions
  readonly ports: ZabPorts
  readonly window: ProposalWindow
  readonly logSync: LogSync
  /** An epoch that a leader has to go beyond, whoever reports to it. */
  readonly epochHeard: number
  /** The role cannot go on. Told once. */
  readonly ended: (end: RoleEnd) => void
  /** The role serves from here on, in this epoch. */
  readonly established: (epoch: number) => void
  /** This membership is in force from here on. */
  readonly activated: (membership: Membership) => void
}
