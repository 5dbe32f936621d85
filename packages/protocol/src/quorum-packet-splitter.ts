/**
 * Takes the stream of a quorum port apart, in whatever chunks it arrives.
 *
 * 1. A packet that lies whole in a chunk is handed out in place; one that spans chunks is gathered first.
 * 2. Never is a byte held back that belongs behind the packet being gathered. So when `take` refuses more, the splitter is empty,
 *    and everything from the offset that `push` returns on is the caller's: after a SNAP packet a raw stream follows, which ends at
 *    an offset only its reader knows. The caller resumes by pushing what lies behind that offset.
 * 3. What is held grows with the bytes that came, not with the length that was announced, and the length is bounded.
 *
 * A stream that is refused by an error can't go on: the connection has to be closed.
 */
import { type Id, idRecord } from './acl.ts'
import { readInt32 } from './bytes.ts'
import { GatherBuffer } from './gather-buffer.ts'
import { JuteError } from './jute-error.ts'
import { JuteReader } from './jute-reader.ts'
import { type Platform, purePlatform } from './platform.ts'
import type { Zxid } from './zxid.ts'

/** Type, zxid, the length of the data and the count of the authinfo. */
const packetLengthMin = 20
const dataAt = 16
/** Longest scheme or id of an identity, in bytes. */
const identityLengthMax = 65_536

export interface QuorumPacketLimits {
  /** Longest data of a packet in bytes; default 64 MiB. */
  readonly dataLengthMax?: number
  /** Most identities in one packet; default 1024. */
  readonly authinfoCountMax?: number
}

export interface QuorumPacketSplitterOptions extends QuorumPacketLimits {
  readonly platform?: Platform
}

/**
 * Takes a packet whose data is `bytes[dataStart, dataEnd)`; `dataStart` is −1 for null data. The bytes are valid during the call only.
 * @returns false: the bytes behind this packet are not packets for now
 */
export type TakeQuorumPacket = (
  type: number,
  zxid: Zxid,
  bytes: Uint8Array,
  dataStart: number,
  dataEnd: number,
  authinfo: readonly Id[] | null,
) => boolean

export class QuorumPacketSplitter {
  #dataLengthMax = 0
  #authinfoCountMax = 0
  readonly #reader: JuteReader
  readonly #gathered = new GatherBuffer()

  constructor(options: QuorumPacketSplitterOptions = {}) {
    this.limit(options)
    // No length gets there that was not bounded before.
    this.#reader = new JuteReader(new Uint8Array(0), 0, 0, {
      platform: options.platform ?? purePlatform,
      lengthMax: 0x7fff_ffff,
    })
  }

  /** Sets both limits, for all packets behind the one that is being handed out. */
  limit({ dataLengthMax = 64 * 1_048_576, authinfoCountMax = 1024 }: QuorumPacketLimits): void {
    this.#dataLengthMax = dataLengthMax
    this.#authinfoCountMax = authinfoCountMax
  }

  /** Bytes of a packet that has not come whole yet; 0 after `take` has returned false. */
  get gatheredLength(): number {
    return this.#gathered.length
  }

  /**
   * Takes `bytes[start, end)` and calls `take` for each packet that they complete.
   * @returns the offset behind the last byte taken: `end`, or after `take` has returned false the end of that packet
   * @throws JuteError with the code JUTE_LENGTH for a length or count that is negative or above its limit, JUTE_LONG_RANGE for an
   *   epoch of 2^21 or more, JUTE_NULL for an identity that is null
   */
  push(bytes: Uint8Array, start: number, end: number, take: TakeQuorumPacket): number {
    let at = start
    if (this.#gathered.length > 0) {
      at = this.#gather(bytes, at, end)
      if (at < 0) return end
      const gathered = this.#gathered
      const whole = gathered.bytes
      const length = gathered.length
      gathered.clear()
      if (!this.#handOut(whole, 0, length, take)) return at
    }
    while (at < end) {
      const length = this.#lengthNeeded(bytes, at, end - at)
      if (length > end - at) {
        this.#gathered.append(bytes, at, end)
        return end
      }
      const packetAt = at
      at += length
      if (!this.#handOut(bytes, packetAt, at, take)) return at
    }
    return end
  }

  /** Completes the gathered packet and returns the offset behind it, or −1 when the chunk ends before. */
  #gather(bytes: Uint8Array, start: number, end: number): number {
    const gathered = this.#gathered
    let at = start
    for (;;) {
      const needed = this.#lengthNeeded(gathered.bytes, 0, gathered.length) - gathered.length
      if (needed <= 0) return at
      const step = Math.min(needed, end - at)
      gathered.append(bytes, at, at + step)
      at += step
      if (step < needed) return -1
    }
  }

  /**
   * The length of the packet at `at` as far as `length` bytes of it tell: never more than it has, and exact when it is all there.
   */
  #lengthNeeded(bytes: Uint8Array, at: number, length: number): number {
    if (length < packetLengthMin) return packetLengthMin
    const dataLength = readInt32(bytes, at + dataAt - 4)
    if (dataLength < -1 || dataLength > this.#dataLengthMax) {
      throw refusedLength('the data of a packet', dataLength, this.#dataLengthMax)
    }
    let needed = dataAt + (dataLength < 0 ? 0 : dataLength) + 4
    if (length < needed) return needed
    const count = readInt32(bytes, at + needed - 4)
    if (count < -1 || count > this.#authinfoCountMax) {
      throw refusedLength('the authinfo of a packet', count, this.#authinfoCountMax)
    }
    for (let field = 0; field < 2 * count; field++) {
      needed += 4
      if (length < needed) return needed
      const fieldLength = readInt32(bytes, at + needed - 4)
      if (fieldLength < -1 || fieldLength > identityLengthMax) {
        throw refusedLength('an identity in a packet', fieldLength, identityLengthMax)
      }
      if (fieldLength > 0) needed += fieldLength
      if (length < needed) return needed
    }
    return needed
  }

  #handOut(bytes: Uint8Array, start: number, end: number, take: TakeQuorumPacket): boolean {
    const reader = this.#reader.reset(bytes, start, end)
    const type = reader.readInt()
    const zxid = reader.readLong()
    const dataLength = reader.skipBuffer()
    const dataEnd = reader.position
    const count = reader.readCount()
    let authinfo: Id[] | null = null
    if (count >= 0) {
      authinfo = []
      for (let i = 0; i < count; i++) authinfo.push(idRecord.decode(reader))
    }
    return take(type, zxid, bytes, dataLength < 0 ? -1 : dataEnd - dataLength, dataEnd, authinfo)
  }
}

function refusedLength(what: string, found: number, max: number): JuteError {
  return new JuteError(
    'JUTE_LENGTH',
    `${what} has the length ${found}; −1 (null) or 0 to ${max} is allowed`,
  )
}
