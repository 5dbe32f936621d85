/**
 * What stands in the data of quorum packets, by the packet's type:
 *
 *     FOLLOWERINFO, OBSERVERINFO   long serverId · [int protocolVersion · [long configVersion · [capabilities]]]
 *     LEADERINFO                   int protocolVersion · [capabilities]
 *     ACKEPOCH                     int currentEpoch, or −1
 *     PING, from a learner         (long sessionId · int timeout)*
 *     REVALIDATE                   long sessionId · int timeout, answered by long sessionId · boolean isValid
 *     REQUEST                      long sessionId · int cxid · int type · record of the request
 *     COMMITANDACTIVATE            long designatedLeader
 *     INFORMANDACTIVATE            long designatedLeader · txn
 *     capabilities (ours)          int magic · int bits
 *
 * Data is a span `bytes[start, end)` as the splitter hands it out: `start` is −1 for null. Apache's servers read the fields they
 * know and ignore what follows, so capabilities trail.
 */
import type { Id } from './acl.ts'
import { readInt32 } from './bytes.ts'
import { boolean, type Codec, encode, int, long, record, sessionId } from './codec.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { beginQuorumPacket, endQuorumPacket, PacketType } from './quorum-packet.ts'
import type { SessionId, Zxid } from './zxid.ts'

/** Of learner and leader since ZooKeeper 3.4: they exchange epochs. */
export const learnerProtocolVersion = 0x10000

/** "QRTE". */
const capabilityMagic = 0x51_52_54_45

/** Bits that servers of ours announce to each other. */
export const PeerCapability = {
  /** A leader answers a SYNC only after a quorum has confirmed that it leads. */
  confirmedSync: 1,
  /** A learner takes PINGs also before its synchronisation has begun, where Apache's stop their process at them. */
  earlyPings: 2,
  /** A leader sends PINGs each half tick, whatever its disk does. Some missing ones say that it has gone. */
  steadyPings: 4,
  /**
   * An ACK of a proposal stands for those before it as well, and so does a COMMIT. A learner says that it takes such COMMITs, a
   * leader that it takes such ACKs and sends such COMMITs to those who take them.
   */
  cumulative: 8,
  /** A learner takes, behind the image of a SNAP, what became of the latest writes of each session. */
  outcomes: 16,
  /** An observer master puts a write that must fail in the place of each that comes of a session that has left the asker. */
  fencesMoves: 32,
} as const

export interface LearnerInfo {
  readonly serverId: number
  /** 1 when none was sent. */
  readonly protocolVersion: number
  /** Version of the learner's membership; undefined when none was sent. */
  readonly configVersion: Zxid | undefined
  /** Bits of {@link PeerCapability}; undefined from Apache's servers. Sent only behind a configVersion. */
  readonly capabilities: number | undefined
}

export function encodeLearnerInfo(info: LearnerInfo): Uint8Array {
  const writer = new JuteWriter(28)
  writer.writeLong(info.serverId)
  writer.writeInt(info.protocolVersion)
  if (info.configVersion !== undefined) {
    writer.writeLong(info.configVersion)
    writeCapabilities(writer, info.capabilities)
  }
  return writer.copy()
}

/**
 * @returns undefined when there is no server id: null data, from servers before 3.3, or less than a long
 * @throws JuteError JUTE_LONG_RANGE
 */
export function decodeLearnerInfo(
  bytes: Uint8Array,
  start: number,
  end: number,
): LearnerInfo | undefined {
  if (start < 0 || end - start < 8) return undefined
  const reader = new JuteReader(bytes, start, end)
  return {
    serverId: reader.readLong(),
    protocolVersion: reader.remaining >= 4 ? reader.readInt() : 1,
    configVersion: reader.remaining >= 8 ? reader.readLong() : undefined,
    capabilities: readCapabilities(reader, start + 20),
  }
}

export interface LeaderInfo {
  readonly protocolVersion: number
  /** Bits of {@link PeerCapability}; undefined from Apache's servers. */
  readonly capabilities: number | undefined
}

export function encodeLeaderInfo(info: LeaderInfo): Uint8Array {
  const writer = new JuteWriter(12)
  writer.writeInt(info.protocolVersion)
  writeCapabilities(writer, info.capabilities)
  return writer.copy()
}

/** @throws JuteError JUTE_TRUNCATED for null or short data */
export function decodeLeaderInfo(bytes: Uint8Array, start: number, end: number): LeaderInfo {
  const reader = readerOf(bytes, start, end)
  return {
    protocolVersion: reader.readInt(),
    capabilities: readCapabilities(reader, reader.position),
  }
}

/** A currentEpoch, or −1 from a learner that has accepted this epoch before: its answer is no vote for it. */
export function encodeAckEpoch(currentEpoch: number): Uint8Array {
  return encode(int, currentEpoch)
}

/** @throws JuteError JUTE_TRUNCATED for null or short data */
export function decodeAckEpoch(bytes: Uint8Array, start: number, end: number): number {
  return readerOf(bytes, start, end).readInt()
}

/** Writes one touch into the data of a PING, between beginQuorumPacket and endQuorumPacket. */
export function writeTouch(writer: JuteWriter, session: SessionId, timeoutMs: number): void {
  writer.writeSessionId(session)
  writer.writeInt(timeoutMs)
}

/**
 * Calls `touch` for each session that a learner's PING tells of.
 * @throws JuteError JUTE_TRUNCATED when the data ends inside a touch; the ones before it have been told
 */
export function readTouches(
  bytes: Uint8Array,
  start: number,
  end: number,
  touch: (session: SessionId, timeoutMs: number) => void,
): void {
  if (start < 0) return
  const reader = new JuteReader(bytes, start, end)
  while (reader.remaining > 0) touch(reader.readSessionId(), reader.readInt())
}

export interface RevalidationRequest {
  readonly session: SessionId
  readonly timeoutMs: number
}

export const revalidationRequest: Codec<RevalidationRequest> = record({
  session: sessionId,
  timeoutMs: int,
})

export interface RevalidationReply {
  readonly session: SessionId
  readonly isValid: boolean
}

export const revalidationReply: Codec<RevalidationReply> = record({
  session: sessionId,
  isValid: boolean,
})

/** What a learner forwards to its leader for a client. */
export interface ForwardedRequestData {
  readonly session: SessionId
  /** The client's xid; 0 for createSession. */
  readonly cxid: number
  /** An OpCode. */
  readonly type: number
  /** The request's record as the client sent it: a view, valid as long as the packet's bytes are. */
  readonly body: Uint8Array
}

/** Writes a whole REQUEST packet. */
export function writeRequestPacket(
  writer: JuteWriter,
  request: ForwardedRequestData,
  identities: readonly Id[] | null,
): void {
  const begun = beginQuorumPacket(writer, PacketType.request, -1)
  writer.writeSessionId(request.session)
  writer.writeInt(request.cxid)
  writer.writeInt(request.type)
  writer.writeBytes(request.body)
  endQuorumPacket(writer, begun, identities)
}

/** @throws JuteError JUTE_TRUNCATED for null or short data */
export function decodeRequestData(
  bytes: Uint8Array,
  start: number,
  end: number,
): ForwardedRequestData {
  const reader = readerOf(bytes, start, end)
  return {
    session: reader.readSessionId(),
    cxid: reader.readInt(),
    type: reader.readInt(),
    body: bytes.subarray(reader.position, end),
  }
}

/** Bytes of the designated leader in front of the txn of an INFORMANDACTIVATE; all there is in a COMMITANDACTIVATE. */
export const designatedLeaderLength = 8

export function encodeDesignatedLeader(serverId: number): Uint8Array {
  return encode(long, serverId)
}

/** @throws JuteError JUTE_TRUNCATED for null or short data */
export function decodeDesignatedLeader(bytes: Uint8Array, start: number, end: number): number {
  return readerOf(bytes, start, end).readLong()
}

function readerOf(bytes: Uint8Array, start: number, end: number): JuteReader {
  return start < 0 ? new JuteReader(bytes, 0, 0) : new JuteReader(bytes, start, end)
}

function writeCapabilities(writer: JuteWriter, capabilities: number | undefined): void {
  if (capabilities === undefined) return
  writer.writeInt(capabilityMagic)
  writer.writeInt(capabilities)
}

/** Other bytes at this place are somebody else's extension: they are ignored, as Apache ignores ours. */
function readCapabilities(reader: JuteReader, at: number): number | undefined {
  if (reader.end - at < 8 || readInt32(reader.bytes, at) !== capabilityMagic) return undefined
  return readInt32(reader.bytes, at + 4)
}
