/** What a server proposes as leader, and what came of it. */
import type { Zxid } from '@quorate/protocol'

export interface Vote {
  readonly leader: number
  readonly zxid: Zxid
  /** The election's round, which Apache calls electionEpoch. */
  readonly round: number
  /** currentEpoch of the proposed leader. */
  readonly peerEpoch: number
}

export type ElectionState = 'looking' | 'following' | 'leading' | 'observing'
