/**
 * The bytes of a log file:
 *
 *     header: int magic "ZKLG" · int version 2 · long dbid 0
 *     record: long Adler-32 of the txn · int length n · n bytes of txn · 'B'
 *     zeros, maybe, up to the end of the file
 *
 * A length of 0 is the end: what follows the last record was written ahead (see preallocation.ts).
 */
import {
  counterOf,
  epochOf,
  OpCode,
  type Platform,
  readInt32,
  readLong,
  readUint32,
  txnHeaderLength,
  writeInt32,
  type Zxid,
} from '@quorate/protocol'

export const logHeaderLength = 16
const logMagic = 0x5a4b4c47
const logVersion = 2

/** Bytes of a record in front of its txn: checksum and length. */
export const frameStartLength = 12
/** Bytes of a record around its txn. */
export const frameLength = 13
export const endMarker = 0x42

/** No device writes less than this at once, so a crash leaves such a part of a file whole or as it was. */
export const sectorBytes = 512

/**
 * The most that is ever written without a sync. What a crash may have torn lies within so many bytes of the end of the data;
 * damage that lies deeper is damage of something that was durable.
 */
export const unsyncedBytesMax: number = 8 * 1_048_576

const zxidAt = 12

export function writeLogHeader(bytes: Uint8Array, at: number): void {
  writeInt32(bytes, at, logMagic)
  writeInt32(bytes, at + 4, logVersion)
  bytes.fill(0, at + 8, at + logHeaderLength)
}

/** What a log file says of itself behind the magic. Nothing depends on it. */
export interface LogHeader {
  readonly version: number
  readonly dbId: number
}

export function readLogHeader(bytes: Uint8Array, at: number): LogHeader {
  return { version: readInt32(bytes, at + 4), dbId: readLong(bytes, at + 8) }
}

/** Only the magic counts, as for Apache's reader. */
export function isLogHeader(bytes: Uint8Array, at: number): boolean {
  return readInt32(bytes, at) === logMagic
}

/** Writes everything of a record but the txn, which stands at `at + frameStartLength` already. */
export function writeFrame(
  bytes: Uint8Array,
  at: number,
  txnLength: number,
  platform: Platform,
): void {
  const start = at + frameStartLength
  const end = start + txnLength
  writeInt32(bytes, at, 0)
  writeInt32(bytes, at + 4, platform.adler32(1, bytes, start, end))
  writeInt32(bytes, at + 8, txnLength)
  bytes[end] = endMarker
}

/** Whether checksum and end marker of the record at `at` are right; all of it must be in `bytes`. */
export function isFrameValid(
  bytes: Uint8Array,
  at: number,
  txnLength: number,
  platform: Platform,
): boolean {
  const start = at + frameStartLength
  const end = start + txnLength
  return (
    bytes[end] === endMarker &&
    readInt32(bytes, at) === 0 &&
    readUint32(bytes, at + 4) === platform.adler32(1, bytes, start, end)
  )
}

/** The zxid in the TxnHeader at `start`, or −1 if it is negative or its epoch is refused (2^21 or more). */
export function txnZxid(bytes: Uint8Array, start: number, end: number): Zxid {
  if (end - start < txnHeaderLength) return -1
  const high = readInt32(bytes, start + zxidAt)
  if (high < 0 || high >= 0x20_0000) return -1
  return high * 0x1_0000_0000 + readUint32(bytes, start + zxidAt + 4)
}

/** A check may stand inside a multi only; a server that meets one by itself stops (as Apache's does). */
const knownTypes: ReadonlySet<number> = new Set([
  OpCode.createSession,
  OpCode.closeSession,
  OpCode.error,
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.setData,
  OpCode.setACL,
  OpCode.reconfig,
  OpCode.multi,
])

export function isKnownTxnType(type: number): boolean {
  return knownTypes.has(type)
}

/**
 * Whether a log can go on with `next` right after `last`: the next counter, or the start of a later epoch. Zxids of one epoch
 * are consecutive in Apache's logs too, because failed requests are logged as error transactions.
 */
export function isSuccessor(last: Zxid, next: Zxid): boolean {
  return next === last + 1 || (epochOf(next) > epochOf(last) && counterOf(next) <= 1)
}
