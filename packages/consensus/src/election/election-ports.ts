/** What an election is given, and what it asks of who holds one. */
import type { Zxid } from '@quorate/protocol'
import type { Clock } from '../peer-link.ts'
import type { ElectionTransport, MembershipStore, ZabReport } from '../zab/zab-ports.ts'
import type { ElectionState, Vote } from './vote.ts'

/** What an election asks for. */
export interface ElectionHost {
  /** The election is over: lead, follow or observe. The instance is idle until the next start. */
  decided(state: Exclude<ElectionState, 'looking'>, vote: Vote): void
  /** A voter that had elected this server looks for a leader again while it leads. */
  voterLeft(serverId: number): void
  /** The server that was elected looks for a leader itself, in a later round. */
  leaderLeft(): void
  /** A notification carries a membership newer than the committed one, while looking and with reconfiguration enabled. */
  membershipSeen(text: string): void
}

/**
 * What a server contributes to an election: a `candidate` proposes itself at first; an `elector` votes for the best of the others;
 * a `bystander` tells nobody whom it would elect, and only finds out who leads.
 */
export type ElectionPart = 'candidate' | 'elector' | 'bystander'

export interface ElectionStart {
  /** A candidate, if it does not say. */
  readonly part?: ElectionPart
  /** Of the last transaction in the log, committed or not; −1: the data should be there and are not. */
  readonly lastZxid: Zxid
  readonly currentEpoch: number
}

export interface ElectionOptions {
  /** How long to wait for a notification before the own one is repeated; twice as long each time. */
  readonly minNotificationIntervalMs: number
  readonly maxNotificationIntervalMs: number
  /** How long something better may still turn up when a quorum agrees. */
  readonly finalizeWaitMs: number
  readonly reconfigEnabled: boolean
}

export interface ElectionParameters {
  readonly serverId: number
  readonly options: ElectionOptions
  readonly memberships: MembershipStore
  readonly transport: ElectionTransport
  readonly clock: Clock
  readonly host: ElectionHost
  readonly report: (report: ZabReport) => void
}
