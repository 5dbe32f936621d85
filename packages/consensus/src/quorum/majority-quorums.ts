/** More than half of the voters. */
import type { QuorumSystem } from './quorum-system.ts'

export class MajorityQuorums implements QuorumSystem {
  readonly voterIds: readonly number[]
  readonly #voters: ReadonlySet<number>

  constructor(voterIds: Iterable<number>) {
    this.#voters = new Set(voterIds)
    this.voterIds = [...this.#voters].toSorted((a, b) => a - b)
  }

  isVoter(serverId: number): boolean {
    return this.#voters.has(serverId)
  }

  weightOf(): number {
    return 1
  }

  isQuorum(isIn: (serverId: number) => boolean): boolean {
    let count = 0
    for (const id of this.voterIds) if (isIn(id)) count++
    return 2 * count > this.voterIds.length
  }
}
