/**
 * What the replica and a consensus engine owe each other, whichever engine it is.
 *
 * The engine gives a total order of proposals. It delivers a proposal once, in zxid order, and only when it is durable
 * on a quorum of disks (with one member: on this disk). A leader assigns the zxid at submission. Everything that an
 * engine asks of the world goes through {@link ConsensusEffects}, in order; every completion comes back as a call.
 */
import type { Zxid } from '@quorate/protocol'

/** A transaction on its way. */
export interface Proposal {
  readonly zxid: Zxid
  /** TxnHeader, record and digest. Valid until the proposal is delivered and {@link ConsensusEngine.turnEnded} was called. */
  readonly bytes: Uint8Array
}

/** What an engine asks of its host, which carries it out in the order of the calls. */
export interface ConsensusEffects {
  /** Put the proposal behind all earlier ones in the log. It need not be durable yet. */
  append(proposal: Proposal): void
  /** Make everything appended up to `upTo` durable, then call {@link ConsensusEngine.synced}. At most one is under way. */
  sync(upTo: Zxid): void
  /** The proposal is committed: apply it. */
  deliver(proposal: Proposal): void
}

export interface ConsensusEngine {
  /** Whether this server turns requests into proposals. */
  readonly isLeading: boolean
  /** The zxid of the last proposal submitted, or the last one recovered. */
  readonly lastZxid: Zxid
  /** The zxid that the next proposal must carry. */
  nextZxid(): Zxid
  /** Takes the next proposal. Only while leading, and only with {@link nextZxid}. */
  submit(proposal: Proposal): void
  /** All input that was there has been handled: what was appended meanwhile shares one sync. */
  turnEnded(): void
  /** The sync up to `upTo` is done: it is durable. */
  synced(upTo: Zxid): void
}
