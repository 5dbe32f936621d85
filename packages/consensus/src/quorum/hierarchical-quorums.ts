/**
 * Groups of servers with weights (Apache's QuorumHierarchical): a group is won by more than half of its weight, and a quorum wins
 * more than half of the groups.
 *
 * 1. Every voter is in exactly one group. Its weight is 1 when none is given.
 * 2. Groups whose weights add up to 0 don't count, neither as won nor in the number of groups.
 * 3. Weights are not negative: otherwise two sets could win one group without a member in common.
 */
import { MembershipError } from './membership-error.ts'
import type { QuorumSystem } from './quorum-system.ts'

/** Sums of weights have to stay exact. */
const weightMax = 0x7fff_ffff

export interface HierarchicalQuorumsOptions {
  readonly voterIds: Iterable<number>
  readonly groups: ReadonlyMap<number, readonly number[]>
  readonly weights: ReadonlyMap<number, number>
}

interface Group {
  readonly voterIds: readonly number[]
  /** Of all of its servers. */
  readonly weight: number
}

export class HierarchicalQuorums implements QuorumSystem {
  readonly voterIds: readonly number[]
  /** The servers of each group, by the group's number. */
  readonly groups: ReadonlyMap<number, readonly number[]>
  /** As given, and 1 for each voter that none was given for. */
  readonly weights: ReadonlyMap<number, number>
  readonly #voters: ReadonlySet<number>
  readonly #counted: readonly Group[]

  /** @throws MembershipError with the code MEMBERSHIP_GROUPS when the groups or weights are not as the invariants want */
  constructor({ voterIds, groups, weights }: HierarchicalQuorumsOptions) {
    this.#voters = new Set(voterIds)
    this.voterIds = [...this.#voters].toSorted((a, b) => a - b)
    this.groups = groups
    const allWeights = new Map(weights)
    for (const id of this.voterIds) if (!allWeights.has(id)) allWeights.set(id, 1)
    this.weights = allWeights
    checkGroups(this.voterIds, groups)
    for (const [id, weight] of weights) checkWeight(id, weight)
    this.#counted = [...groups.values()]
      .map((ids) => this.#group(ids))
      .filter(({ weight }) => weight > 0)
  }

  isVoter(serverId: number): boolean {
    return this.#voters.has(serverId)
  }

  weightOf(serverId: number): number {
    return this.weights.get(serverId) ?? 1
  }

  isQuorum(isIn: (serverId: number) => boolean): boolean {
    let won = 0
    for (const group of this.#counted) {
      let weight = 0
      for (const id of group.voterIds) if (isIn(id)) weight += this.weightOf(id)
      if (2 * weight > group.weight) won++
    }
    return 2 * won > this.#counted.length
  }

  #group(ids: readonly number[]): Group {
    let weight = 0
    for (const id of ids) weight += this.weightOf(id)
    return { voterIds: ids.filter((id) => this.#voters.has(id)), weight }
  }
}

function checkGroups(
  voterIds: readonly number[],
  groups: ReadonlyMap<number, readonly number[]>,
): void {
  const groupById = new Map<number, number>()
  for (const [group, ids] of groups) {
    for (const id of ids) {
      const other = groupById.get(id)
      if (other !== undefined) {
        throw new MembershipError(
          'MEMBERSHIP_GROUPS',
          `server ${id} is named by group ${other} and again by group ${group}; name it once`,
        )
      }
      groupById.set(id, group)
    }
  }
  for (const id of voterIds) {
    if (!groupById.has(id)) {
      throw new MembershipError(
        'MEMBERSHIP_GROUPS',
        `server ${id} votes and is in no group; where there are groups or weights, add it to a line group.N=…`,
      )
    }
  }
}

function checkWeight(id: number, weight: number): void {
  if (Number.isInteger(weight) && weight >= 0 && weight <= weightMax) return
  throw new MembershipError(
    'MEMBERSHIP_GROUPS',
    `server ${id} has the weight ${weight}; give it a whole number from 0 to ${weightMax}`,
  )
}
