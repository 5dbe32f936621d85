/**
 * Transaction ids and session ids.
 *
 * A zxid is epoch · 2^32 + counter. It is kept as a number, so epochs from 2^21 on are refused when they are
 * read (see {@link JuteReader.readLong}). A session id uses all of its 64 bits: it is a bigint where it is a key,
 * and two 32-bit halves on the hot path.
 */
import { readInt32, writeInt32 } from './bytes.ts'

export type Zxid = number

/** A session id as an unsigned 64-bit key. */
export type SessionId = bigint & { readonly __brand: 'SessionId' }

export function makeZxid(epoch: number, counter: number): Zxid {
  return epoch * 0x1_0000_0000 + counter
}

export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / 0x1_0000_0000)
}

export function counterOf(zxid: Zxid): number {
  return zxid - epochOf(zxid) * 0x1_0000_0000
}

/** Lower-case hex without leading zeros, as file names and logs show a zxid. */
export function formatZxid(zxid: Zxid): string {
  return zxid < 0 ? BigInt.asUintN(64, BigInt(zxid)).toString(16) : zxid.toString(16)
}

/**
 * The same few sessions come again and again, and to make a bigint of two halves takes five allocations: the last ones made are
 * kept, in a place that their halves decide.
 */
const keptCount = 256
const keptHighs = new Int32Array(keptCount)
const keptLows = new Int32Array(keptCount)
const keptIds: SessionId[] = Array.from({ length: keptCount }, () => 0n as SessionId)

export function sessionIdOf(high: number, low: number): SessionId {
  const at = (low ^ (low >>> 8) ^ high ^ (high >>> 24)) & (keptCount - 1)
  if (keptHighs[at] === (high | 0) && keptLows[at] === (low | 0)) return keptIds[at]!
  const id = ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) as SessionId
  keptHighs[at] = high
  keptLows[at] = low
  keptIds[at] = id
  return id
}

export function sessionIdHigh(id: SessionId): number {
  return Number(id >> 32n) | 0
}

export function sessionIdLow(id: SessionId): number {
  return Number(id & 0xffff_ffffn) | 0
}

export function readSessionId(bytes: Uint8Array, at: number): SessionId {
  return sessionIdOf(readInt32(bytes, at), readInt32(bytes, at + 4))
}

export function writeSessionId(bytes: Uint8Array, at: number, id: SessionId): void {
  writeInt32(bytes, at, sessionIdHigh(id))
  writeInt32(bytes, at + 4, sessionIdLow(id))
}

/** `0x` and hex without leading zeros, as Apache's logs and four-letter words show a session. */
export function formatSessionId(id: SessionId): string {
  return `0x${id.toString(16)}`
}

/**
 * The 16 secret bytes of a session: java.util.Random seeded with id XOR 0xB3415C00. They are derived, so every
 * server of an ensemble can check them without having stored them.
 */
export function sessionPassword(id: SessionId): Uint8Array {
  const mask = (1n << 48n) - 1n
  let state = (id ^ 0xb3415c00n ^ 0x5deece66dn) & mask
  const password = new Uint8Array(16)
  for (let word = 0; word < 4; word++) {
    state = (state * 0x5deece66dn + 0xbn) & mask
    const value = Number((state >> 16n) & 0xffff_ffffn)
    for (let i = 0; i < 4; i++) password[word * 4 + i] = value >>> (8 * i)
  }
  return password
}

/**
 * Where a server starts to count its session ids: its id in the top byte, 40 bits of milliseconds, 16 zero bits.
 * @param serverId 0–255 (254 at most with extended types); standalone servers use 1
 * @param milliseconds any growing origin, wall clock included
 */
export function firstSessionId(serverId: number, milliseconds: number): SessionId {
  const time = BigInt.asUintN(64, BigInt(milliseconds) << 24n) >> 8n
  const id = BigInt.asUintN(64, (BigInt(serverId) << 56n) | time)
  return (id === 0x8000_0000_0000_0000n ? id + 1n : id) as SessionId
}
