/**
 * What servers tell each other in a leader election: an int length and
 *
 *     int state · long leader · long zxid · long electionEpoch · long peerEpoch · int version · [int length · config text]
 *
 * Older servers send less: 28 bytes end before the peerEpoch, which then is the zxid's epoch; 40 bytes end before the
 * configuration. Like Apache's servers we take 40 bytes for version 0 whatever number stands there: the servers that
 * send them (3.4) count votes in the old way.
 */
import { readInt32, readUint32 } from './bytes.ts'
import type { ElectionRefusal, ElectionRefusalCode } from './election-refusal.ts'
import { JuteWriter } from './jute-writer.ts'
import { type Platform, purePlatform } from './platform.ts'
import { epochOf, type Zxid } from './zxid.ts'

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

/** The version that is sent today. */
export const notificationVersion = 2

const lengthOldest = 28
const lengthWithoutConfig = 40
const versionWithConfig = 2
const epochMax = 0x1f_ffff

/** The payload, without the length in front. */
export function encodeNotification(notification: Notification): Uint8Array {
  const writer = new JuteWriter()
  writer.writeInt(notification.state)
  writer.writeLong(notification.leader)
  writer.writeLong(notification.zxid)
  writer.writeLong(notification.electionEpoch)
  writer.writeLong(notification.peerEpoch)
  writer.writeInt(notification.version)
  if (notification.version >= versionWithConfig) writer.writeString(notification.config ?? '')
  return writer.copy()
}

/** Reads the payload `bytes[start, end)`. It throws nothing, whatever the bytes are. */
export function decodeNotification(
  bytes: Uint8Array,
  start: number,
  end: number,
  platform: Platform = purePlatform,
): Notification | ElectionRefusal {
  const length = end - start
  const hasPeerEpoch = length !== lengthOldest
  if (length < lengthOldest || (hasPeerEpoch && length < lengthWithoutConfig)) {
    return refusal(
      'NOTIFICATION_SHORT',
      `a notification has ${length} bytes; ${lengthOldest}, or ${lengthWithoutConfig} and more, are expected`,
    )
  }
  const state = readInt32(bytes, start)
  if (state < PeerState.looking || state > PeerState.observing) {
    return refusal(
      'NOTIFICATION_STATE',
      `a notification tells of the state ${state}; 0 to 3 are known`,
    )
  }
  const version = length > lengthWithoutConfig ? readInt32(bytes, start + 36) : 0
  const configLength = version >= versionWithConfig ? configLengthAt(bytes, start + 40, end) : 0
  if (configLength < 0) {
    return refusal(
      'NOTIFICATION_CONFIG_LENGTH',
      `the configuration in a notification of ${length} bytes is not within it`,
    )
  }
  const zxid = readVoteLong(bytes, start + 12)
  const vote = {
    state,
    leader: readVoteLong(bytes, start + 4),
    zxid,
    electionEpoch: readVoteLong(bytes, start + 20),
    peerEpoch: hasPeerEpoch ? readVoteLong(bytes, start + 28) : epochOf(zxid),
    version,
  }
  if (!isInRange(vote)) {
    return refusal(
      'NOTIFICATION_LONG_RANGE',
      `a number in a notification is no safe integer, or its epoch is above ${epochMax}, the highest that is supported`,
    )
  }
  const configAt = start + 44
  const config =
    version >= versionWithConfig
      ? platform.utf8Decode(bytes, configAt, configAt + configLength)
      : undefined
  return { ...vote, config }
}

/** The length of the configuration, or −1 when it doesn't fit. */
function configLengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 4) return -1
  const length = readInt32(bytes, at)
  return length >= 0 && length <= end - at - 4 ? length : -1
}

/** A long that is a safe integer or {@link noVote}; NaN for any other. */
function readVoteLong(bytes: Uint8Array, at: number): number {
  const high = readInt32(bytes, at)
  const low = readUint32(bytes, at + 4)
  const isSafe = high >= -0x20_0000 && high < 0x20_0000
  if (!isSafe && !(high === -0x8000_0000 && low === 0)) return Number.NaN
  return high * 0x1_0000_0000 + low
}

function isInRange(vote: Omit<Notification, 'config'>): boolean {
  return (
    !Number.isNaN(vote.leader) &&
    !Number.isNaN(vote.zxid) &&
    !Number.isNaN(vote.electionEpoch) &&
    vote.peerEpoch <= epochMax
  )
}

function refusal(code: ElectionRefusalCode, message: string): ElectionRefusal {
  return { code, message }
}
