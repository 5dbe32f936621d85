/**
 * The leader's first phase: an epoch that no quorum has ever accepted, and a quorum that accepts it (Zab's discovery).
 *
 * 1. The new epoch is higher than any that a quorum of voters, this server included, has accepted; it is on this disk as accepted
 *    before anybody hears of it (ZOOKEEPER-335, 1081).
 * 2. The epoch is agreed when a quorum of voters has accepted it and none of them has a history beyond the leader's.
 * 3. Who does not vote raises the epoch but does not count (ZOOKEEPER-2959): quorums are of voters.
 */
import type { Zxid } from '@quorate/protocol'
import type { QuorumSystem } from '../quorum/quorum-system.ts'

export interface DiscoveryParts {
  readonly serverId: number
  readonly quorums: () => QuorumSystem
  /** The leader's own, when it was elected. */
  readonly acceptedEpoch: number
  readonly currentEpoch: number
  readonly lastZxid: Zxid
}

export class Discovery {
  readonly #parts: DiscoveryParts
  readonly #reported: Set<number>
  readonly #accepted: Set<number>
  #highest: number
  #epoch: number | undefined
  #isAgreed = false

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
    this.#highest = parts.acceptedEpoch
    this.#reported = new Set([parts.serverId])
    this.#accepted = new Set([parts.serverId])
  }

  /** The new epoch, once it is fixed. */
  get epoch(): number | undefined {
    return this.#epoch
  }

  /** A learner told its acceptedEpoch. */
  reported(serverId: number, acceptedEpoch: number): void {
    if (this.#epoch !== undefined) return
    this.#highest = Math.max(this.#highest, acceptedEpoch)
    this.#reported.add(serverId)
  }

  /** Fixes the epoch when a quorum has reported; returns it once. */
  fixEpoch(): number | undefined {
    if (this.#epoch !== undefined || !this.#hasQuorum(this.#reported)) return undefined
    this.#epoch = this.#highest + 1
    return this.#epoch
  }

  /**
   * A learner has accepted the epoch.
   * @param currentEpoch −1: it had accepted it before, which is no vote
   * @returns false: its history is beyond the leader's, who may not lead it
   */
  accepted(learner: {
    readonly serverId: number
    readonly currentEpoch: number
    readonly lastZxid: Zxid
  }): boolean {
    if (this.#isAgreed || learner.currentEpoch === -1) return true
    const { currentEpoch, lastZxid } = this.#parts
    const isAhead =
      learner.currentEpoch > currentEpoch ||
      (learner.currentEpoch === currentEpoch && learner.lastZxid > lastZxid)
    if (isAhead) return false
    if (learner.lastZxid !== -1) this.#accepted.add(learner.serverId)
    return true
  }

  /** Whether the epoch has become agreed with this call. */
  agree(): boolean {
    if (this.#isAgreed || this.#epoch === undefined || !this.#hasQuorum(this.#accepted))
      return false
    this.#isAgreed = true
    return true
  }

  #hasQuorum(servers: ReadonlySet<number>): boolean {
    return this.#parts.quorums().isQuorum((serverId) => servers.has(serverId))
  }
}
