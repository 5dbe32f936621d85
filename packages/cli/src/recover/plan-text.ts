/** A plan for people: what is left, what may be lost, what a commit would do, and what to see to with the lost servers. */
import { formatZxid, type Zxid } from '@quorate/protocol'
import type { Member, Membership } from '@quorate/server'
import { fencingLines } from './fencing-text.ts'
import type { LoneTransactions } from './lone-transactions.ts'
import { hasSameHistory } from './new-membership.ts'
import { type PlanReport, survivorArguments } from './plan-report.ts'
import { epochGap } from './recovery-plan.ts'
import type { Survivor } from './survivor.ts'

export function planLines(plan: PlanReport): readonly string[] {
  const lines = [...membershipLines(plan), '', ...survivorLines(plan), '']
  if (plan.hasQuorum) return [...lines, ...quorumLines(plan)]
  return [
    ...lines,
    ...lossLines(plan),
    '',
    ...loneLines(plan),
    ...commitLines(plan),
    '',
    ...fencingLines(plan),
    '',
    'To carry it out:',
    `  quorate recover --commit --yes ${survivorArguments(plan)}`,
  ]
}

function membershipLines({ membership, proposed, lost }: PlanReport): readonly string[] {
  const { voterIds } = membership.quorums
  const lines = [
    `The ensemble has ${voterIds.length} voters (${voterIds.join(', ')})${observersText(membership)}; its membership has the version 0x${formatZxid(membership.version)}.`,
  ]
  if (proposed !== undefined)
    lines.push(
      `A later membership was proposed, with the version 0x${formatZxid(proposed.version)} and the voters ${proposed.quorums.voterIds.join(', ')}; it may be in force.`,
    )
  if (lost.length > 0) lines.push(`Not among the survivors: ${lost.map(memberText).join(', ')}.`)
  return lines
}

function observersText({ memberById }: Membership): string {
  const ids = [...memberById.values()].filter(({ isVoter }) => !isVoter).map(({ id }) => id)
  return ids.length === 0 ? '' : ` and the observers ${ids.join(', ')}`
}

function memberText({ id, isVoter }: Member): string {
  return isVoter ? `server ${id}` : `server ${id} (an observer)`
}

function survivorLines({ survivors, start }: PlanReport): readonly string[] {
  return ['Survivors, best history first:', ...survivors.flatMap((one) => survivorText(one, start))]
}

function survivorText(survivor: Survivor, start: Survivor): readonly string[] {
  const { serverId, dataDir, history } = survivor
  const { currentEpoch, acceptedEpoch, lastZxid, snapshotZxid } = history
  const chosen = survivor === start ? '  <- the best history' : ''
  const snapshot = snapshotZxid === undefined ? 'none' : hex(snapshotZxid)
  return [
    `  server ${serverId}  ${dataDir}`,
    `    last zxid ${hex(lastZxid)}${timeText(history.lastTimeMs)}, currentEpoch ${currentEpoch}, acceptedEpoch ${acceptedEpoch}, newest snapshot ${snapshot}${chosen}`,
    ...history.notices.map((notice) => `    note: ${notice}`),
    ...(history.problem === undefined ? [] : [`    CANNOT BE USED: ${history.problem}`]),
  ]
}

function quorumLines({ membership }: PlanReport): readonly string[] {
  return [
    `No recovery is needed: the survivors are a quorum of the voters ${membership.quorums.voterIds.join(', ')}. Start them as they are; they elect a leader, and nothing that was acknowledged is lost. Servers whose disks are gone come back with an empty data directory and their myid, one after the other.`,
  ]
}

function lossLines({ start, commonZxid, isRepeated, lost }: PlanReport): readonly string[] {
  const { lastZxid, lastTimeMs } = start.history
  const common =
    commonZxid === undefined
      ? 'No transaction is known to be on all survivors.'
      : `The last transaction that all survivors have is ${hex(commonZxid)}.`
  const lostVoters = lost.filter(({ isVoter }) => isVoter).map(({ id }) => id)
  const since = lastTimeMs === undefined ? '' : `, made at ${isoTime(lastTimeMs)}`
  return [
    ...(isRepeated
      ? ['An earlier commit was begun and not finished; this one takes its place.', '']
      : []),
    `A quorum is lost. ${common}`,
    `What may be lost: every write after ${hex(lastZxid)}, the last transaction of server ${start.serverId}${since}. The lost servers (${lostVoters.join(', ')}) may have acknowledged later ones among themselves; the survivors cannot tell whether there are any. Acknowledged writes up to that zxid are kept; those whose writes came later have to look whether they are still there.`,
    'What is kept may be more than was acknowledged: the last transactions of the chosen history count as written, whether a quorum had them or not.',
  ]
}

function loneLines({ lone, start }: PlanReport): readonly string[] {
  if (lone.length === 0) return []
  return lone.flatMap((transactions) => {
    const isKept = transactions.serverId === start.serverId
    return [...loneText(transactions, isKept, start), '']
  })
}

function loneText(
  { serverId, count, firstZxid, lastZxid, listed, isComplete }: LoneTransactions,
  isKept: boolean,
  start: Survivor,
): readonly string[] {
  const fate = isKept
    ? 'they are kept'
    : `those that server ${start.serverId} has not are cut off when it joins`
  const range = count === 0 ? '' : `, ${hex(firstZxid)} to ${hex(lastZxid)}`
  return [
    `Server ${serverId} has ${count} transactions in its log that not all survivors have${range}; ${fate}.`,
    ...(isComplete ? [] : ['  Earlier ones are in its snapshot only and cannot be listed.']),
    ...listed.map(
      ({ zxid, timeMs, type, paths }) =>
        `  ${hex(zxid)}  ${isoTime(timeMs)}  ${type}  ${paths.map((path) => JSON.stringify(path)).join(' ')}`,
    ),
    ...(count > listed.length ? [`  … and ${count - listed.length} more (--list N shows N)`] : []),
  ]
}

function commitLines({ start, epoch, newMembership, survivors }: PlanReport): readonly string[] {
  const { voterIds } = newMembership.quorums
  const observers = [...newMembership.memberById.values()].filter(({ isVoter }) => !isVoter)
  const others = survivors
    .filter((one) => !hasSameHistory(one, start))
    .map(({ serverId }) => serverId)
  return [
    'What a commit does, after a copy of what it changes:',
    `  the history of server ${start.serverId} is the ensemble's${others.length === 0 ? '' : `; ${others.map((id) => `server ${id}`).join(', ')} will be brought to it when it joins`}`,
    `  every survivor accepts the epoch ${epoch}: the highest that any of them knows, and ${epochGap} more for elections that the lost servers may have held alone`,
    `  the membership 0x${formatZxid(newMembership.version)} has the voters ${voterIds.join(', ')}${observers.length === 0 ? '' : ` and the observers ${observers.map(({ id }) => id).join(', ')}`}:`,
    ...newMembership.text.split('\n').map((line) => `    ${line}`),
    ...(voterIds.length < 3
      ? [
          `  With ${voterIds.length} voter${voterIds.length === 1 ? '' : 's'} no failure is survived: add servers as soon as it runs.`,
        ]
      : []),
  ]
}

function timeText(timeMs: number | undefined): string {
  return timeMs === undefined ? '' : ` (${isoTime(timeMs)})`
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function hex(zxid: Zxid): string {
  return `0x${formatZxid(zxid)}`
}
