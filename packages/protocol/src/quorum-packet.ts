/**
 * The packets between a leader and its learners, written back to back without a length:
 *
 *     int type · long zxid · buffer data · vector<Id> authinfo
 *
 * Null data and null authinfo have the length −1; the smallest packet has 20 bytes.
 */
import type { Id } from './acl.ts'
import type { Zxid } from './zxid.ts'

export const PacketType = {
  request: 1,
  proposal: 2,
  ack: 3,
  commit: 4,
  ping: 5,
  revalidate: 6,
  sync: 7,
  inform: 8,
  commitAndActivate: 9,
  newLeader: 10,
  followerInfo: 11,
  upToDate: 12,
  diff: 13,
  trunc: 14,
  snap: 15,
  observerInfo: 16,
  leaderInfo: 17,
  ackEpoch: 18,
  informAndActivate: 19,
} as const

export interface QuorumPacket {
  /** A value of {@link PacketType}. */
  readonly type: number
  readonly zxid: Zxid
  readonly data: Uint8Array | null
  readonly authinfo: readonly Id[] | null
}
