/** Memberships by hand: who votes is all that an election asks of them. */
import type { Membership, QuorumSystem } from '@quorate/consensus'

export interface MembershipShape {
  readonly voters: readonly number[]
  readonly observers?: readonly number[]
  /** Groups of voters; without, the majority decides. */
  readonly groups?: readonly (readonly number[])[]
  readonly weights?: ReadonlyMap<number, number>
  readonly version?: number
}

export function membershipOf(shape: MembershipShape): Membership {
  const version = shape.version ?? 0
  const lines = [
    ...shape.voters.map((id) => `server.${id}=s${id}:2888:3888:participant`),
    ...(shape.observers ?? []).map((id) => `server.${id}=s${id}:2888:3888:observer`),
    `version=${version.toString(16)}`,
  ]
  const memberById = new Map(
    [...shape.voters, ...(shape.observers ?? [])].map((id) => [
      id,
      {
        id,
        quorumAddresses: [{ host: `s${id}`, port: 2888 }],
        electionAddresses: [{ host: `s${id}`, port: 3888 }],
        isVoter: shape.voters.includes(id),
        clientAddress: undefined,
        secureClientAddress: undefined,
      },
    ]),
  )
  return { version, memberById, quorums: quorumsOf(shape), text: lines.join('\n') }
}

function quorumsOf({ voters, groups, weights }: MembershipShape): QuorumSystem {
  const weightOf = (id: number): number => (voters.includes(id) ? (weights?.get(id) ?? 1) : 0)
  const sum = (ids: readonly number[]): number => ids.reduce((all, id) => all + weightOf(id), 0)
  return {
    voterIds: voters.toSorted((a, b) => a - b),
    isVoter: (id) => voters.includes(id),
    weightOf,
    isQuorum(isIn) {
      if (groups === undefined) return 2 * voters.filter(isIn).length > voters.length
      const counted = groups.filter((group) => sum(group) > 0)
      const won = counted.filter((group) => 2 * sum(group.filter(isIn)) > sum(group))
      return 2 * won.length > counted.length
    },
  }
}
