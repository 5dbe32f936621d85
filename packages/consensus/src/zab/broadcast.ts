/**
 * The leader's broadcast: proposals go to every learner and to the own log; what is on a quorum of disks is committed.
 *
 * 1. Commits are in zxid order, each with a quorum of every membership that applies to it: the committed one, and from a
 *    reconfiguration's own transaction on the new one too, until that is committed.
 * 2. The own log counts like a follower's: once the sync that covers the transaction is done (never before).
 */
import { encodeDesignatedLeader, PacketType, type Zxid } from '@quorate/protocol'
import type { Proposal } from '../engine.ts'
import type { Member, Membership } from '../quorum/membership.ts'
import type { LearnerHandler } from './learner-handler.ts'
import type { LogSync } from './log-sync.ts'
import type { ProposalWindow } from './proposal-window.ts'
import type { ZabPorts } from './zab-ports.ts'

export interface BroadcastParts {
  readonly serverId: number
  readonly ports: ZabPorts
  readonly window: ProposalWindow
  readonly logSync: LogSync
  readonly handlers: ReadonlySet<LearnerHandler>
  /** Whether the role has ended: nothing more is committed. */
  readonly isOver: () => boolean
  readonly delivered: (proposal: Proposal) => void
  /** A reconfiguration has been committed; `designated` leads from here on. */
  readonly reconfigured: (membership: Membership, designated: number) => void
}

export class Broadcast {
  readonly #parts: BroadcastParts
  /** The reconfiguration that is proposed and not committed. */
  #pending: { readonly zxid: Zxid; readonly membership: Membership } | undefined
  /** Another server leads from here on: nothing more is committed by this one. */
  #isHandedOver = false
  #isCommitting = false

  constructor(parts: BroadcastParts) {
    this.#parts = parts
  }

  get hasPendingReconfiguration(): boolean {
    return this.#pending !== undefined
  }

  propose(proposal: Proposal, membership: Membership | undefined): void {
    const { window, ports, handlers } = this.#parts
    const { zxid, bytes } = proposal
    const kept = window.push(zxid, bytes, 0, bytes.length)
    ports.history.append(kept)
    if (membership !== undefined) {
      this.#pending = { zxid, membership }
      ports.memberships.setLastSeen(membership)
    }
    for (const handler of handlers)
      if (handler.isFed && !handler.isObserver) handler.sendProposal(zxid, kept.bytes)
  }

  /** Commits what has its quorums by now. */
  tryCommit(): void {
    // A delivery may submit, and with one voter that is enough to commit: one loop does it all.
    if (this.#isCommitting) return
    this.#isCommitting = true
    const { window } = this.#parts
    for (let head = window.head; head !== undefined; head = window.head) {
      if (this.#isHandedOver || this.#parts.isOver() || !this.#hasQuorums(head.zxid)) break
      this.#commit(head)
    }
    this.#isCommitting = false
  }

  /** Whether the servers for which `isIn` is true are a quorum of every membership that applies now. */
  isQuorum(isIn: (serverId: number) => boolean): boolean {
    const { committed } = this.#parts.ports.memberships
    return (
      committed.quorums.isQuorum(isIn) &&
      (this.#pending === undefined || this.#pending.membership.quorums.isQuorum(isIn))
    )
  }

  #hasQuorums(zxid: Zxid): boolean {
    const isIn = (serverId: number): boolean => this.#ackedBy(serverId) >= zxid
    const { committed } = this.#parts.ports.memberships
    if (!committed.quorums.isQuorum(isIn)) return false
    const pending = this.#pending
    return pending === undefined || zxid < pending.zxid || pending.membership.quorums.isQuorum(isIn)
  }

  #ackedBy(serverId: number): Zxid {
    if (serverId === this.#parts.serverId) return this.#parts.logSync.durable
    let acked = -1
    for (const handler of this.#parts.handlers)
      if (handler.serverId === serverId && handler.isInStep && handler.ackedZxid > acked)
        acked = handler.ackedZxid
    return acked
  }

  #commit(proposal: Proposal): void {
    const { window, handlers, delivered } = this.#parts
    const { zxid, bytes } = proposal
    window.deliverNext()
    const pending = this.#pending
    if (pending?.zxid === zxid) {
      this.#activate(proposal, pending.membership)
      return
    }
    for (const handler of handlers) {
      if (!handler.isFed) continue
      if (handler.isObserver) handler.feed.send(PacketType.inform, zxid, bytes)
      else handler.sendCommit(zxid)
    }
    delivered(proposal)
  }

  #activate(proposal: Proposal, membership: Membership): void {
    const { handlers, ports, delivered, reconfigured } = this.#parts
    const { zxid, bytes } = proposal
    const designated = this.designatedLeader(membership, zxid)
    const activation = encodeDesignatedLeader(designated)
    const activationWithTxn = new Uint8Array([...activation, ...bytes])
    for (const { isFed, isObserver, feed } of handlers) {
      if (!isFed) continue
      if (isObserver) feed.send(PacketType.informAndActivate, zxid, activationWithTxn)
      else feed.send(PacketType.commitAndActivate, zxid, activation)
    }
    this.#isHandedOver = designated !== this.#parts.serverId
    delivered(proposal)
    this.#pending = undefined
    ports.memberships.setCommitted(membership)
    reconfigured(membership, designated)
  }

  /**
   * This server when it still votes at the same address, else the voter of the new membership that has acknowledged most
   * (Leader.getDesignatedLeader).
   */
  designatedLeader(membership: Membership, zxid: Zxid): number {
    const { serverId, ports } = this.#parts
    const before = ports.memberships.committed.memberById.get(serverId)
    const after = membership.memberById.get(serverId)
    if (after?.isVoter === true && isSameAddress(before, after)) return serverId
    let designated = serverId
    let most = zxid - 1
    for (const voter of membership.quorums.voterIds) {
      const acked = voter === serverId ? -1 : this.#ackedBy(voter)
      if (acked > most && membership.quorums.weightOf(voter) > 0) {
        designated = voter
        most = acked
      }
    }
    return designated
  }
}

function isSameAddress(before: Member | undefined, after: Member): boolean {
  const [a, b] = [before?.quorumAddresses[0], after.quorumAddresses[0]]
  return a === undefined || (a.host === b?.host && a.port === b.port)
}
