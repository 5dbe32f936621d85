/** What a server proposes as leader, and what came of it. */
import { PeerState, type Notification, type Zxid } from '@quorate/protocol'
import type { QuorumSystem } from '../quorum/quorum-system.ts'

/** Somebody to lead, with what speaks for it. */
export interface Candidate {
  readonly leader: number
  readonly zxid: Zxid
  /** currentEpoch of the proposed leader. */
  readonly peerEpoch: number
}

export interface Vote extends Candidate {
  /** The election's round, which Apache calls electionEpoch. */
  readonly round: number
}

export type ElectionState = 'looking' | 'following' | 'leading' | 'observing'

/** A vote as it was heard of. */
export interface CastVote extends Vote {
  /** Of who cast it. */
  readonly state: ElectionState
  /** Of the notification's format. */
  readonly version: number
}

/** By the wire's numbers, see {@link PeerState}. */
const states: readonly ElectionState[] = ['looking', 'following', 'leading', 'observing']

/** @returns undefined when the wire's number is none that is known */
export function electionStateOf(notification: Notification): ElectionState | undefined {
  return states[notification.state]
}

export function peerStateOf(state: ElectionState): number {
  return PeerState[state]
}

/**
 * Whether `candidate` is to be preferred to `current`: a higher epoch, then a higher zxid, then a higher id. A server of weight 0 is
 * never preferred to anybody, and anybody else is to it.
 *
 * Compatibility: an Apache server of weight 0 goes on proposing itself when its history is the best. A membership that was proposed and
 * gives it a weight may need its vote for another, who is the only one that the others may elect.
 */
export function beats(candidate: Candidate, current: Candidate, quorums: QuorumSystem): boolean {
  if (quorums.weightOf(candidate.leader) === 0) return false
  if (quorums.weightOf(current.leader) === 0) return true
  if (candidate.peerEpoch !== current.peerEpoch) return candidate.peerEpoch > current.peerEpoch
  if (candidate.zxid !== current.zxid) return candidate.zxid > current.zxid
  return candidate.leader > current.leader
}

/**
 * Whether two votes count together. Among servers that look for a leader all values have to agree. Those that have one may have
 * elected it in different rounds and with different zxids (ZOOKEEPER-1805), but agree about its epoch; a notification without a
 * format version may carry an epoch from before it was updated (ZOOKEEPER-1732), so that only the leader is compared.
 */
export function agree(one: CastVote, other: CastVote): boolean {
  if (one.leader !== other.leader) return false
  if (one.state === 'looking' || other.state === 'looking') {
    return one.zxid === other.zxid && one.round === other.round && one.peerEpoch === other.peerEpoch
  }
  if (one.version > 0 !== other.version > 0) return true
  return one.peerEpoch === other.peerEpoch
}
