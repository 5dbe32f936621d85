/**
 * Whom an observer asks to serve it in the leader's place: the voters that follow, in turn (QuorumPeer.nextObserverMaster).
 *
 * 1. Observers whose ids follow each other begin with different voters, so that a fleet is spread over all of them.
 * 2. A round of masters that took it in and did not bring it into step is followed by the leader: some kind of leader or master may
 *    have no history for it where another one has.
 */
import type { MembershipStore } from './zab-ports.ts'

const searchDelayMsMin = 60_000
const searchDelayMsMax = 3_600_000

export class MasterRotation {
  readonly #serverId: number
  readonly #memberships: MembershipStore
  #next: number
  /** Masters that have taken it in since one has served it. */
  #vainCount = 0
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
    if (this.#vainCount >= masters.length) {
      this.#vainCount = 0
      return undefined
    }
    return masters[this.#next++ % masters.length]
  }

  /** A master has taken the observer in. */
  tookIn(): void {
    this.#vainCount++
  }

  /** It is in step. @param isByMaster false: its leader serves it */
  served(isByMaster: boolean): void {
    this.#vainCount = 0
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
