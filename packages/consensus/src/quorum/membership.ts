/** Who belongs to the ensemble: the `server.N` lines, groups and weights, and the zxid at which they came into force. */
import { formatZxid, type Zxid } from '@quorate/protocol'
import { inHashMapOrder } from './hash-map-order.ts'
import { HierarchicalQuorums } from './hierarchical-quorums.ts'
import { MajorityQuorums } from './majority-quorums.ts'
import type { Member } from './member.ts'
import { MembershipError } from './membership-error.ts'
import type { QuorumSystem } from './quorum-system.ts'
import { formatServerLine, normalMember } from './server-line.ts'

export type { HostPort, Member } from './member.ts'

export interface Membership {
  /** The zxid of the reconfig transaction that made it; 0 for the initial one. */
  readonly version: Zxid
  readonly memberById: ReadonlyMap<number, Member>
  readonly quorums: QuorumSystem
  /** As Apache prints it (zab-protocol: configuration text): lines joined by \n, the last one `version=<hex>`. */
  readonly text: string
}

/**
 * Whether a server follows or observes. Who is no member (yet, or any more) follows like a voter, and its acknowledgements count
 * as soon as it is one: so servers can join that the new membership has no quorum without (QuorumPeer.updateLearnerType).
 */
export function isFollower({ memberById }: Membership, serverId: number): boolean {
  return memberById.get(serverId)?.isVoter ?? true
}

/** What a membership is made of. */
export interface MembershipParts {
  readonly members: Iterable<Member>
  readonly version: Zxid
  /** Servers by group; without groups and weights a majority decides. */
  readonly groups?: ReadonlyMap<number, readonly number[]> | undefined
  readonly weights?: ReadonlyMap<number, number> | undefined
}

/**
 * Makes a membership of its parts. Whether it has voters enough is not looked at.
 * @throws MembershipError MEMBERSHIP_SYNTAX, MEMBERSHIP_NUMBER or MEMBERSHIP_GROUPS
 */
export function membershipOf(parts: MembershipParts): Membership {
  const members = [...parts.members].map(normalMember).toSorted((a, b) => a.id - b.id)
  const memberById = new Map(members.map((member) => [member.id, member]))
  if (memberById.size < members.length) {
    throw new MembershipError('MEMBERSHIP_NUMBER', 'two members have the same id; ids are unique')
  }
  const voterIds = members.filter(({ isVoter }) => isVoter).map(({ id }) => id)
  const quorums =
    parts.groups === undefined && parts.weights === undefined
      ? new MajorityQuorums(voterIds)
      : new HierarchicalQuorums({
          voterIds,
          groups: parts.groups ?? new Map(),
          weights: parts.weights ?? new Map(),
        })
  const { version } = parts
  return { version, memberById, quorums, text: formatMembership({ version, memberById, quorums }) }
}

/** The same members at another version: the first leader dates the initial membership by its epoch. */
export function withVersion(membership: Membership, version: Zxid): Membership {
  const { memberById, quorums } = membership
  return { version, memberById, quorums, text: formatMembership({ version, memberById, quorums }) }
}

/** The text of a membership; see {@link Membership.text}. */
export function formatMembership(membership: Omit<Membership, 'text'>): string {
  const { memberById, quorums, version } = membership
  const lines = inHashMapOrder(memberById.keys()).map(
    (id) => `server.${id}=${formatServerLine(memberById.get(id)!)}`,
  )
  if (quorums instanceof HierarchicalQuorums) lines.push(...hierarchyLines(quorums))
  lines.push(`version=${formatZxid(version)}`)
  return lines.join('\n')
}

function hierarchyLines({ groups, weights }: HierarchicalQuorums): string[] {
  const groupLines = inHashMapOrder(groups.keys())
    .filter((group) => groups.get(group)!.length > 0)
    .map((group) => `group.${group}=${inHashMapOrder(groups.get(group)!).join(':')}`)
  const weightLines = inHashMapOrder(weights.keys()).map((id) => `weight.${id}=${weights.get(id)}`)
  return [...groupLines, ...weightLines]
}
