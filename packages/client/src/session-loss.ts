/** Why a session was lost, as far as its client can know: what was heard last, who said so, and whether this process slept. */
import type { ServerAddress } from './world.ts'

export type SessionLossReason =
  /** No server was heard for 4/3 of the timeout; by then a leader has expired the session. */
  | 'silence'
  /** This process stood still for longer than half of the timeout, and the session expired meanwhile. */
  | 'stall'
  /** A server expired the session: no connection was held for longer than the timeout. */
  | 'expiredByServer'
  /** A server was heard so lately that time alone cannot have expired the session: whoever has its password closed it. */
  | 'closedElsewhere'
  /** The session that was to be taken over does not exist, or has another password. */
  | 'unknownToServer'

/** What the session saw of its own end. Times are in ms. */
export interface SessionLossEvidence {
  /** The server that said that there is no such session, if one did. */
  readonly refusedBy: ServerAddress | undefined
  /** Whether this client ever held the session. */
  readonly wasHeld: boolean
  readonly timeoutMs: number
  /** How long ago a server was last heard. */
  readonly silentMs: number
  /** The longest time for which this process stood still of late. */
  readonly stallMs: number
  /** Why the last connection or dial failed. */
  readonly cause: unknown
}

/** The `cause` of a ZooKeeperError SessionExpired, and of the state 'expired'. */
export class SessionLoss extends Error {
  override readonly name = 'SessionLoss'
  readonly reason: SessionLossReason
  /** How long no server had been heard, in ms. */
  readonly silentMs: number
  /** How long this process stood still, in ms; 0 if it did not. */
  readonly stallMs: number
  /** The server that said that there is no such session. */
  readonly server: ServerAddress | undefined

  constructor(evidence: SessionLossEvidence) {
    const reason = reasonOf(evidence)
    super(sentence(reason, evidence), evidence.cause === undefined ? {} : { cause: evidence.cause })
    this.reason = reason
    this.silentMs = Math.round(evidence.silentMs)
    this.stallMs = Math.round(evidence.stallMs)
    this.server = evidence.refusedBy
  }
}

function reasonOf(evidence: SessionLossEvidence): SessionLossReason {
  if (!evidence.wasHeld && evidence.refusedBy !== undefined) return 'unknownToServer'
  if (evidence.stallMs >= evidence.timeoutMs / 2) return 'stall'
  if (evidence.refusedBy === undefined) return 'silence'
  return evidence.silentMs < evidence.timeoutMs ? 'closedElsewhere' : 'expiredByServer'
}

function sentence(reason: SessionLossReason, evidence: SessionLossEvidence): string {
  const { timeoutMs, silentMs, stallMs, refusedBy } = evidence
  const server = refusedBy === undefined ? 'a server' : `${refusedBy.host}:${refusedBy.port}`
  const silent = `no server was heard for ${seconds(silentMs)} of a timeout of ${seconds(timeoutMs)}`
  switch (reason) {
    case 'silence':
      return `${silent}. Look at the network and at the servers`
    case 'stall':
      return `this process stood still for at least ${seconds(stallMs)} of a timeout of ${seconds(timeoutMs)}. Look for what blocks its event loop, or ask for a longer timeout`
    case 'expiredByServer':
      return `${server} has expired it: ${silent}`
    case 'closedElsewhere':
      return `${server} does not know it though a server was heard ${seconds(silentMs)} ago: it was closed by another client with its password, or the servers lost their data`
    default:
      return `${server} does not know the session that was to be taken over, or it has another password`
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
