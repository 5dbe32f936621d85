/**
 * What the survivors of an ensemble can go on with. Decides from what was read; reads and writes nothing itself.
 *
 * 1. The history that is chosen is the best of all survivors by Zab's order: currentEpoch, then the last zxid.
 * 2. The new epoch is later than any that a survivor knows of, by a gap: lost servers may have held elections of which no survivor
 *    heard, and their epochs must not be used a second time.
 */
import { epochOf, makeZxid, type Zxid } from '@quorate/protocol'
import { type Member, type Membership, membershipInNode } from '@quorate/server'
import { byHistory, chooseMembership } from './new-membership.ts'
import { RecoverError } from './recover-error.ts'
import type { Survivor } from './survivor.ts'
import { lastCommonZxid } from './zxid-ranges.ts'

/** Elections that the lost servers may have held without any survivor. */
export const epochGap = 1_000
/** Later ones are refused by everything that reads a zxid. */
const epochMax = 2 ** 21 - 1

export interface RecoveryPlan {
  /** Best history first. */
  readonly survivors: readonly Survivor[]
  /** In force in the old ensemble, as far as the survivors know. */
  readonly membership: Membership
  /** A later one that was proposed, and may be in force. */
  readonly proposed: Membership | undefined
  /** Nothing has to be recovered: these servers can go on by themselves. */
  readonly hasQuorum: boolean
  /** Members that did not survive. */
  readonly lost: readonly Member[]
  /** The survivor whose history is chosen. */
  readonly start: Survivor
  /** The last transaction that every survivor has; undefined: their files tell of none. */
  readonly commonZxid: Zxid | undefined
  /** What all survivors accept; the first leader takes the next one. */
  readonly epoch: number
  readonly newMembership: Membership
  /** A commit was begun before, and not finished. */
  readonly isRepeated: boolean
}

/** @throws RecoverError */
export function planRecovery(named: readonly Survivor[]): RecoveryPlan {
  checkNamedOnce(named)
  const known = knownMemberships(named)
  const membership = known.committed
  const memberById = newestMembers(known)
  for (const { serverId, name } of named)
    if (!memberById.has(serverId))
      throw new RecoverError(
        'RECOVER_CONTRADICTION',
        `${name.text} is server ${serverId}, which is in no membership that the survivors know of; leave it out`,
      )
  const survivors = named.toSorted(byHistory(memberById))
  const usable = survivors.filter(({ history }) => history.problem === undefined)
  const [start] = usable
  if (start === undefined) throw damaged(survivors[0]!)
  const ids = new Set(usable.map(({ serverId }) => serverId))
  const isIn = (serverId: number): boolean => ids.has(serverId)
  const epoch = nextEpoch(survivors, known)
  return {
    survivors,
    membership,
    proposed: known.proposed,
    hasQuorum:
      !known.isRepeated &&
      membership.quorums.isQuorum(isIn) &&
      (known.proposed?.quorums.isQuorum(isIn) ?? true),
    lost: [...memberById.values()].filter(
      ({ id }) => !survivors.some(({ serverId }) => serverId === id),
    ),
    start,
    commonZxid: lastCommonZxid(usable.map(({ history }) => history.held)),
    epoch,
    newMembership: chooseMembership({
      survivors: usable,
      start,
      memberById,
      version: makeZxid(epoch, 0),
    }),
    isRepeated: known.isRepeated,
  }
}

/** @throws RecoverError RECOVER_HISTORY_DAMAGED when a survivor could not start from its files */
export function checkHistories({ survivors }: RecoveryPlan): void {
  const broken = survivors.find(({ history }) => history.problem !== undefined)
  if (broken !== undefined) throw damaged(broken)
}

function damaged({ name, history }: Survivor): RecoverError {
  return new RecoverError(
    'RECOVER_HISTORY_DAMAGED',
    `${name.text}: ${history.problem}; leave this server out, which makes it one of the lost, or mend its files first`,
  )
}

function checkNamedOnce(survivors: readonly Survivor[]): void {
  const nameById = new Map<number, string>()
  for (const { serverId, name } of survivors) {
    const other = nameById.get(serverId)
    if (other !== undefined)
      throw new RecoverError(
        'RECOVER_CONTRADICTION',
        `${other} and ${name.text} are both server ${serverId}; name each survivor once, and keep one copy of its files`,
      )
    nameById.set(serverId, name.text)
  }
}

interface KnownMemberships {
  readonly committed: Membership
  readonly proposed: Membership | undefined
  readonly isRepeated: boolean
}

/**
 * The newest one in force, and a later one that was proposed or stands in a history. What an unfinished commit put in force does not
 * count: it stands in the files of some survivors only.
 */
function knownMemberships(survivors: readonly Survivor[]): KnownMemberships {
  const begun = survivors.flatMap(({ unfinished }) => (unfinished === undefined ? [] : unfinished))
  const discarded = new Set(begun.map(({ epoch }) => makeZxid(epoch, 0)))
  const newestOf = (found: readonly (Membership | undefined)[]): Membership | undefined =>
    found
      .filter((one) => one !== undefined)
      .filter(({ version }) => !discarded.has(version))
      .toSorted((a, b) => b.version - a.version)[0]
  const inHistory = survivors.map(({ history }) => membershipInNode(history.membershipText))
  const before = begun.map(({ membershipBefore }) => membershipInNode(membershipBefore))
  const committed =
    newestOf([...survivors.map(({ configuration }) => configuration?.committed), ...before]) ??
    newestOf(inHistory)
  if (committed === undefined)
    throw new RecoverError(
      'RECOVER_MEMBERSHIP_UNKNOWN',
      'the data of the survivors does not say who belongs to the ensemble; name the zoo.cfg of at least one survivor instead of its data directory',
    )
  const latest = newestOf([
    ...survivors.map(({ configuration }) => configuration?.lastSeen),
    ...inHistory,
  ])
  const isLater = latest !== undefined && latest.version > committed.version
  return { committed, proposed: isLater ? latest : undefined, isRepeated: begun.length > 0 }
}

function newestMembers({ committed, proposed }: KnownMemberships): ReadonlyMap<number, Member> {
  return new Map([...committed.memberById, ...(proposed?.memberById ?? [])])
}

function nextEpoch(survivors: readonly Survivor[], known: KnownMemberships): number {
  const epochs = survivors.flatMap(({ history, unfinished }) => [
    history.acceptedEpoch,
    history.currentEpoch,
    epochOf(history.lastZxid),
    unfinished?.epoch ?? 0,
  ])
  const { committed, proposed } = known
  for (const membership of [committed, proposed])
    if (membership !== undefined) epochs.push(epochOf(membership.version))
  const epoch = Math.max(...epochs) + epochGap
  if (epoch < epochMax) return epoch
  throw new RecoverError(
    'RECOVER_EPOCH_LIMIT',
    `the survivors are at the epoch ${epoch - epochGap}; less than ${epochGap} are left before ${epochMax}, so their tree has to be copied into a new ensemble`,
  )
}
