/**
 * The membership that the survivors go on with.
 *
 * 1. Every quorum of it has a server with the chosen history: those that lag behind may not outvote it before they have caught up.
 *    So at most as many of them vote as servers have that history; the others observe.
 * 2. Its version is later than that of any membership of the old ensemble.
 */
import type { Zxid } from '@quorate/protocol'
import { type Member, type Membership, membershipOf } from '@quorate/server'
import type { Survivor } from './survivor.ts'

export interface MembershipChoice {
  /** Best history first. */
  readonly survivors: readonly Survivor[]
  /** Its history is chosen. */
  readonly start: Survivor
  readonly memberById: ReadonlyMap<number, Member>
  readonly version: Zxid
}

export function chooseMembership(choice: MembershipChoice): Membership {
  const { survivors, start, memberById, version } = choice
  const electable = survivors.filter(
    ({ serverId }) => serverId === start.serverId || memberById.get(serverId)?.isVoter,
  )
  const level = electable.filter((survivor) => hasSameHistory(survivor, start))
  const lagging = electable.filter((survivor) => !hasSameHistory(survivor, start))
  const voters = new Set([...level, ...lagging.slice(0, level.length)])
  const members = survivors.map((survivor) => ({
    ...memberById.get(survivor.serverId)!,
    isVoter: voters.has(survivor),
  }))
  return membershipOf({ members, version })
}

/** Zab: histories that end alike are alike. */
export function hasSameHistory({ history: a }: Survivor, { history: b }: Survivor): boolean {
  return a.currentEpoch === b.currentEpoch && a.lastZxid === b.lastZxid
}

/** For sorting: the best history first, as an election has it; a voter before others. */
export function byHistory(
  memberById: ReadonlyMap<number, Member>,
): (a: Survivor, b: Survivor) => number {
  const isVoter = ({ serverId }: Survivor): number =>
    memberById.get(serverId)?.isVoter === true ? 1 : 0
  return (a, b) =>
    b.history.currentEpoch - a.history.currentEpoch ||
    b.history.lastZxid - a.history.lastZxid ||
    isVoter(b) - isVoter(a) ||
    b.serverId - a.serverId
}
