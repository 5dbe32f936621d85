/**
 * What servers tell each other in a leader election: an int length and
 *
 *     int state · long leader · long zxid · long electionEpoch · long peerEpoch · int version · [int length · config text]
 */
import type { Zxid } from './zxid.ts'

/** The state of the sender, as the wire numbers it. */
export const PeerState = { looking: 0, following: 1, leading: 2, observing: 3 } as const

/** Long.MIN_VALUE, which who may not vote gives as leader, zxid and epoch. It is exact as a number. */
export const noVote: number = -(2 ** 63)

export interface Notification {
  readonly state: number
  readonly leader: number
  readonly zxid: Zxid
  readonly electionEpoch: number
  readonly peerEpoch: number
  /** 0: none was sent; 2 with a configuration. */
  readonly version: number
  /** The sender's committed membership; undefined before version 2. */
  readonly config: string | undefined
}
