/**
 * How a learner was brought up to date. In a pair of an Apache server and one of ours Apache's log tells, whichever
 * side it is on.
 */
import assert from 'node:assert/strict'
import type { EnsembleMember } from '../harness/ensemble-member.ts'

export type Synchronisation = 'DIFF' | 'TRUNC' | 'SNAP'

const textsOfLeader = {
  DIFF: /Sending DIFF zxid=0x\w+ +for peer sid: (\d+)/,
  TRUNC: /Sending TRUNC .*for peer sid: ?(\d+)/,
  SNAP: /Sending snapshot last zxid of peer is/,
} as const

const textsOfLearner = {
  DIFF: /Getting a diff from the leader/,
  TRUNC: /Truncating log to get in sync with the leader/,
  SNAP: /Getting a snapshot from leader/,
} as const

/** Of the leader's log, all before `logStart` is older. @returns the last that was done */
export function synchronisation(
  leader: EnsembleMember,
  learner: EnsembleMember,
  logStart: number,
): Synchronisation {
  const isLearnersLog = learner.kind === 'apache'
  assert.ok(isLearnersLog || leader.kind === 'apache', 'one of the two is an Apache server')
  const log = isLearnersLog ? learner.log() : leader.log().slice(logStart)
  const texts = isLearnersLog ? textsOfLearner : textsOfLeader
  for (const line of log.split('\n').toReversed())
    for (const [name, text] of Object.entries(texts)) {
      const match = text.exec(line)
      const isOther = match?.[1] !== undefined && Number(match[1]) !== learner.id
      if (match !== null && !isOther) return name as Synchronisation
    }
  throw new Error(`no log tells how ${learner.name} was synchronised:\n${log}`)
}
