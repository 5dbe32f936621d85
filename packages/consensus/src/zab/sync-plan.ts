/**
 * How a leader brings a learner to its own history (LearnerHandler.syncFollower). The first row that fits:
 *
 *     | 0 | snapshots are forced, or the learner asks for one    | SNAP
 *     | 1 | it has the leader's last transaction               | DIFF, nothing to send
 *     | 2 | it has more than the leader                          | TRUNC to the leader's last
 *     | 3 | its last transaction is within the window in memory  | DIFF and the rest; TRUNC first if it has one of its own
 *     | 4 | it is within the log on disk, and that is not too long | DIFF, the log, then the window
 *     | 5 | otherwise                                            | SNAP
 *
 * Nothing is ever sent over a gap (ZOOKEEPER-2418, 2846, 4352): the window knows where it begins, and the log is asked for the
 * very transaction that the learner has last.
 */
import { counterOf, epochOf, type Zxid } from '@quorate/protocol'
import type { ProposalWindow } from './proposal-window.ts'

/** What the leader sends first, and what after it. */
export type SyncPlan =
  /** Then everything delivered after `sendAfter`, from the window. */
  | { readonly kind: 'diff' | 'trunc'; readonly zxid: Zxid; readonly sendAfter: Zxid }
  /** As DIFF, but with the log on disk up to the window before it. Needs the log to hold `sendAfter`, or it becomes SNAP. */
  | { readonly kind: 'diff-from-disk'; readonly zxid: Zxid; readonly sendAfter: Zxid }
  | { readonly kind: 'snap' }

export interface SyncSituation {
  /** The learner's last zxid; −1 when it asks for a snapshot. */
  readonly peerLastZxid: Zxid
  readonly window: Pick<
    ProposalWindow,
    'floor' | 'lastDelivered' | 'has' | 'firstAfter' | 'lastNotAfter'
  >
  readonly isSnapshotForced: boolean
  /** Whether the learner refuses to be cut at a transaction that it has not. */
  readonly checksCuts: boolean
  readonly isDiskAllowed: boolean
}

const snap: SyncPlan = { kind: 'snap' }

export function planSync(situation: SyncSituation): SyncPlan {
  const { peerLastZxid: peer, window } = situation
  const max = window.lastDelivered
  if (situation.isSnapshotForced || peer < 0) return snap
  if (peer === max) return { kind: 'diff', zxid: peer, sendAfter: peer }
  if (peer > max) return planCut(situation, max)
  if (peer >= window.floor) return planFromWindow(peer, window)
  return situation.isDiskAllowed ? { kind: 'diff-from-disk', zxid: max, sendAfter: peer } : snap
}

/**
 * Compatibility: Apache's leader also cuts a learner that is ahead by an epoch, and that may have left this history before its end: it
 * would take itself to be at a transaction that it lacks. One that does not look gets a snapshot here.
 */
function planCut({ peerLastZxid: peer, checksCuts }: SyncSituation, max: Zxid): SyncPlan {
  if (isNewEpoch(peer) || (epochOf(peer) !== epochOf(max) && !checksCuts)) return snap
  return { kind: 'trunc', zxid: max, sendAfter: max }
}

function planFromWindow(peer: Zxid, window: SyncSituation['window']): SyncPlan {
  const max = window.lastDelivered
  // At the floor the learner has what comes right before the window.
  if (peer === window.floor || window.has(peer)) return { kind: 'diff', zxid: max, sendAfter: peer }
  // A learner that was in step at the start of an epoch, and has seen nothing of it: there is nothing of its own to cut off.
  if (isNewEpoch(peer)) return { kind: 'diff', zxid: max, sendAfter: peer }
  // Its transaction is one that no leader's history has. Apache's learners can't cut across an epoch, so they get a snapshot.
  const before = window.lastNotAfter(peer)
  if (before === undefined || epochOf(window.firstAfter(peer)) !== epochOf(peer)) return snap
  return { kind: 'trunc', zxid: before, sendAfter: before }
}

/** An epoch's zero, which no transaction has: a leader's last zxid before its first proposal. */
function isNewEpoch(zxid: Zxid): boolean {
  return counterOf(zxid) === 0
}
