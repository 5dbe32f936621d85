/**
 * Who votes, as of now: the voters of the membership in force and of the one about to be.
 *
 * 1. A set decides only when it is a quorum of the membership in force and, when a newer one was proposed, of that one too.
 */
import type { MembershipStore } from '../zab/zab-ports.ts'

export class Electorate {
  readonly #memberships: MembershipStore

  constructor(memberships: MembershipStore) {
    this.#memberships = memberships
  }

  isVoter(serverId: number): boolean {
    const { committed, lastSeen } = this.#memberships
    return committed.quorums.isVoter(serverId) || lastSeen.quorums.isVoter(serverId)
  }

  /** Everybody that a vote is sent to. */
  get voterIds(): readonly number[] {
    const { committed, lastSeen } = this.#memberships
    const ids = committed.quorums.voterIds
    if (lastSeen === committed) return ids
    const added = lastSeen.quorums.voterIds.filter((id) => !committed.quorums.isVoter(id))
    return added.length === 0 ? ids : [...ids, ...added]
  }

  isQuorum(servers: ReadonlySet<number>): boolean {
    const { committed, lastSeen } = this.#memberships
    const isIn = (serverId: number): boolean => servers.has(serverId)
    if (!committed.quorums.isQuorum(isIn)) return false
    return lastSeen.version <= committed.version || lastSeen.quorums.isQuorum(isIn)
  }
}
