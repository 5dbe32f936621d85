/**
 * The packets between a leader and its learners, written back to back without a length:
 *
 *     int type · long zxid · buffer data · vector<Id> authinfo
 *
 * Null data and null authinfo have the length −1; the smallest packet has 20 bytes. {@link QuorumPacketSplitter} takes the
 * stream apart.
 */
import { type Id, idRecord } from './acl.ts'
import { writeInt32 } from './bytes.ts'
import { buffer, type Codec, int, nullableVector, record, zxid } from './codec.ts'
import type { JuteWriter } from './jute-writer.ts'
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

/** For tools and tests; the engine writes by {@link writeQuorumPacket} and reads by the splitter. */
export const quorumPacket: Codec<QuorumPacket> = record({
  type: int,
  zxid,
  data: buffer,
  authinfo: nullableVector(idRecord),
})

/** Writes a packet whose data is `bytes[start, end)`, or null. Without authinfo it allocates nothing but what the writer grows by. */
export function writeQuorumPacket(
  writer: JuteWriter,
  type: number,
  zxidOrNone: Zxid,
  bytes: Uint8Array | null,
  start = 0,
  end: number = bytes === null ? 0 : bytes.length,
  authinfo: readonly Id[] | null = null,
): void {
  writer.writeInt(type)
  writer.writeLong(zxidOrNone)
  if (bytes === null) writer.writeInt(-1)
  else writer.writeSpan(bytes, start, end)
  writeAuthinfo(writer, authinfo)
}

/**
 * Begins a packet whose data the caller writes next, field by field; {@link endQuorumPacket} completes it.
 * @returns what {@link endQuorumPacket} wants
 */
export function beginQuorumPacket(writer: JuteWriter, type: number, zxidOrNone: Zxid): number {
  writer.writeInt(type)
  writer.writeLong(zxidOrNone)
  return writer.reserve(4)
}

/** Completes a packet: everything written since {@link beginQuorumPacket} is its data, which may be empty. */
export function endQuorumPacket(
  writer: JuteWriter,
  begun: number,
  authinfo: readonly Id[] | null = null,
): void {
  writeInt32(writer.bytes, begun, writer.position - begun - 4)
  writeAuthinfo(writer, authinfo)
}

function writeAuthinfo(writer: JuteWriter, authinfo: readonly Id[] | null): void {
  if (authinfo === null) {
    writer.writeInt(-1)
    return
  }
  writer.writeInt(authinfo.length)
  for (const id of authinfo) idRecord.encode(writer, id)
}
