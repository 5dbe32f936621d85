/** The membership as a learner has it from its leader: with NEWLEADER, and with each reconfiguration that is committed. */
import { counterOf } from '@quorate/protocol'
import { isFollower, type Membership } from '../quorum/membership.ts'
import type { RoleParts } from './role-parts.ts'

export interface LearnedMembershipParts {
  readonly role: RoleParts
  readonly leaderId: number
  readonly isObserver: boolean
  /** This server has another role or leader now. */
  readonly ended: (designatedLeader: number) => void
}

export class LearnedMembership {
  readonly #parts: LearnedMembershipParts
  /** Carried by NEWLEADER, in force with UPTODATE. */
  announced: Membership | undefined

  constructor(parts: LearnedMembershipParts) {
    this.#parts = parts
  }

  /** UPTODATE has come. @returns whether the role goes on */
  upToDate(): boolean {
    const { role, leaderId } = this.#parts
    const { options, ports } = role
    const { announced } = this
    if (!options.reconfigEnabled || announced === undefined) return true
    const isNews = announced.version > ports.memberships.committed.version
    return !isNews || !this.#isCommitted(announced) || this.#activate(announced, leaderId)
  }

  /** The transaction that was just delivered has changed the membership. */
  reconfigured(designatedLeader: number): void {
    const { options, ports } = this.#parts.role
    if (options.reconfigEnabled) this.#activate(ports.memberships.lastSeen, designatedLeader)
  }

  /**
   * Compatibility: NEWLEADER carries the last membership that was proposed, and Apache's learners put that in force with UPTODATE, also
   * while its transaction may still be lost: then two memberships that have no server in common could each elect a leader.
   */
  #isCommitted({ version }: Membership): boolean {
    return counterOf(version) === 0 || version <= this.#parts.role.window.lastDelivered
  }

  /** @returns whether the role goes on */
  #activate(membership: Membership, designatedLeader: number): boolean {
    const { role, leaderId, ended } = this.#parts
    const { ports, options, activated } = role
    ports.memberships.setCommitted(membership)
    ports.host.membershipChanged(membership.text)
    activated(membership)
    const isObserver = options.isDiskless || !isFollower(membership, options.serverId)
    if (designatedLeader === leaderId && isObserver === this.#parts.isObserver) return true
    ended(designatedLeader)
    return false
  }
}
