/**
 * Whom an observer asks to serve it in the leader's place: the voters that follow, in turn (QuorumPeer.nextObserverMaster).
 *
 * 1. Observers whose ids follow each other begin with different voters, so that a fleet is spread over all of them.
 * 2. After a master that kept it and did not bring it into step it asks the leader, and the masters again when the leader has taken it
 *    in: some kind of leader or master may have no history for it where another one has. And a leader may need the observer itself: a
 *    membership in which it votes may be proposed, and no master is in step before that has its quorum.
 */
import type { MembershipStore } from './zab-ports.ts'

const searchDelayMsMin = 60_000
const searchDelayMsMax = 3_600_000

export class MasterRotation {
  readonly #serverId: number
  readonly #memberships: MembershipStore
  #next: number
  #asksLeader = false
  #searchDelayMs = searchDelayMsMin

  constructor(serverId: number, memberships: MembershipStore) {
    this.#serverId = serverId
    this.#memberships = memberships
    this.#next = Math.abs(serverId)
  }

  /** @returns whom to ask; undefined: the leader */
  next(leaderId: number): number | undefined {
    const { voterIds } = this.#memberships.committed.quorums
    const masters = voterIds.filter((id) => id !== leaderId && id !== this.#serverId)
    if (this.#asksLeader || masters.length === 0) return undefined
    return masters[this.#next++ % masters.length]
  }

  /** A master or the leader has taken the observer in, or a master had it wait until it lost its leader. */
  kept(isByMaster: boolean): void {
    this.#asksLeader = isByMaster
  }

  /** It is in step. @param isByMaster false: its leader serves it */
  served(isByMaster: boolean): void {
    this.#asksLeader = false
    if (isByMaster) this.#searchDelayMs = searchDelayMsMin
  }

  /** How long an observer that its leader serves waits before it looks for a master again. */
  get searchDelayMs(): number {
    return this.#searchDelayMs
  }

  /** A master was found. Should it not serve the observer the next search begins later. */
  searchEnded(): void {
    this.#searchDelayMs = Math.min(searchDelayMsMax, 2 * this.#searchDelayMs)
  }
}
