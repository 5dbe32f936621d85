/** Quorums of two systems at once: what a reconfiguration needs from its proposal to its commit. */
import type { QuorumSystem } from './quorum-system.ts'

class JointQuorums implements QuorumSystem {
  readonly voterIds: readonly number[]
  readonly #old: QuorumSystem
  readonly #next: QuorumSystem

  constructor(old: QuorumSystem, next: QuorumSystem) {
    this.#old = old
    this.#next = next
    this.voterIds = [...new Set([...old.voterIds, ...next.voterIds])].toSorted((a, b) => a - b)
  }

  isVoter(serverId: number): boolean {
    return this.#old.isVoter(serverId) || this.#next.isVoter(serverId)
  }

  weightOf(serverId: number): number {
    return (this.#old.isVoter(serverId) ? this.#old : this.#next).weightOf(serverId)
  }

  isQuorum(isIn: (serverId: number) => boolean): boolean {
    return this.#old.isQuorum(isIn) && this.#next.isQuorum(isIn)
  }
}

/** Sets that are a quorum of both systems. Voters are those of either; a weight is the first's where it has that voter. */
export function jointQuorum(first: QuorumSystem, second: QuorumSystem): QuorumSystem {
  return first === second ? first : new JointQuorums(first, second)
}
