/** What a replica asks of a leader: the face of one leadership, from the moment when it serves. After its end nothing happens. */
import {
  counterOf,
  encode,
  ErrorCode,
  makeZxid,
  PacketType,
  revalidationReply,
  type SessionId,
  type Zxid,
} from '@quorate/protocol'
import type { Learner, LeaderTerm, Proposal, ReconfigurationRequest } from '../engine.ts'
import type { Membership } from '../quorum/membership.ts'
import { planReconfiguration } from '../quorum/reconfiguration.ts'
import type { Broadcast } from './broadcast.ts'
import type { LeadershipConfirmation } from './leadership-confirmation.ts'
import type { LearnerHandler } from './learner-handler.ts'
import type { RoleLife } from './role-life.ts'
import type { RoleParts } from './role-parts.ts'

export interface LeadingTermParts {
  readonly epoch: number
  readonly life: RoleLife
  readonly broadcast: Broadcast
  readonly confirmation: LeadershipConfirmation
  /** Whether a server is in step with this leader. */
  readonly isInStep: (serverId: number) => boolean
  readonly turnEnded: () => void
  /** The epoch has no zxid left. */
  readonly zxidsExhausted: () => void
  /** The term is about to end: nothing more is proposed. */
  readonly isHandingOver: () => boolean
}

export class LeadingTerm implements LeaderTerm {
  readonly role = 'leading'
  readonly epoch: number
  readonly #role: RoleParts
  readonly #parts: LeadingTermParts
  #planned: Membership | undefined

  constructor(role: RoleParts, parts: LeadingTermParts) {
    this.#role = role
    this.#parts = parts
    this.epoch = parts.epoch
  }

  get lastZxid(): Zxid {
    return this.#role.window.lastZxid
  }

  nextZxid(): Zxid {
    return Math.max(this.lastZxid, makeZxid(this.epoch, 0)) + 1
  }

  submit(proposal: Proposal, membershipText?: string): void {
    const { life, broadcast, zxidsExhausted, isHandingOver } = this.#parts
    if (life.isOver || isHandingOver()) return
    if (proposal.zxid !== this.nextZxid()) {
      throw new Error(
        `a proposal carries the zxid ${proposal.zxid}; the next one is ${this.nextZxid()}`,
      )
    }
    // The counter would run over into the epoch (ZOOKEEPER-1277): an election begins the next epoch instead.
    if (counterOf(proposal.zxid) > this.#role.options.zxidCounterMax) return zxidsExhausted()
    const membership = membershipText === undefined ? undefined : this.#planned
    this.#planned = undefined
    broadcast.propose(proposal, membership)
    this.#role.ports.host.requestTurnEnd()
  }

  turnEnded(): void {
    this.#parts.turnEnded()
  }

  confirmLeadership(confirmed: () => void): void {
    if (this.#parts.life.isOver) return
    this.#parts.confirmation.ask(confirmed)
    this.#role.ports.host.requestTurnEnd()
  }

  answerSync(learner: Learner): void {
    ;(learner as LearnerHandler).feed.send(PacketType.sync, 0)
  }

  answerRevalidation(learner: Learner, session: SessionId, isValid: boolean): void {
    const data = encode(revalidationReply, { session, isValid })
    ;(learner as LearnerHandler).feed.send(PacketType.revalidate, -1, data)
  }

  planReconfiguration(request: ReconfigurationRequest): string | number {
    const { ports, options } = this.#role
    const { broadcast, isInStep } = this.#parts
    if (broadcast.hasPendingReconfiguration) return ErrorCode.ReconfigInProgress
    const plan = planReconfiguration(ports.memberships.committed, request, options)
    if ('error' in plan) return plan.error
    // What the new members can't agree on would never be committed, and everything after it neither.
    if (!plan.membership.quorums.isQuorum(isInStep)) return ErrorCode.NewConfigNoQuorum
    this.#planned = plan.membership
    return plan.membership.text
  }
}
