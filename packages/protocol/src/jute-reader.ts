/**
 * Reads Jute fields one after the other from a span of bytes.
 *
 * A reader may be pointed at another span ({@link JuteReader.reset}), so the request path needs no new one per
 * frame. Every method throws a JuteError instead of reading past the end.
 */
import { readInt32, readUint32 } from './bytes.ts'
import { JuteError } from './jute-error.ts'
import { type Platform, purePlatform } from './platform.ts'
import { type SessionId, sessionIdOf } from './zxid.ts'

/** Apache's default of `jute.maxbuffer`. */
export const juteMaxBufferDefault = 0xfffff

export interface JuteReaderOptions {
  readonly platform?: Platform
  /** Longest string or buffer in bytes; default twice jute.maxbuffer, as Apache allows maxbuffer plus extrasize. */
  readonly lengthMax?: number
}

export class JuteReader {
  bytes: Uint8Array
  position: number
  end: number
  readonly #platform: Platform
  readonly #lengthMax: number

  constructor(
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
    options: JuteReaderOptions = {},
  ) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.#platform = options.platform ?? purePlatform
    this.#lengthMax = options.lengthMax ?? 2 * juteMaxBufferDefault
  }

  reset(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes
    this.position = start
    this.end = end
    return this
  }

  get remaining(): number {
    return this.end - this.position
  }

  readByte(): number {
    return this.bytes[this.#take(1)]!
  }

  /** Any byte but 0 is true. */
  readBoolean(): boolean {
    return this.readByte() !== 0
  }

  readInt(): number {
    return readInt32(this.bytes, this.#take(4))
  }

  /** A long that is a zxid, a time or a count: a safe integer, else JUTE_LONG_RANGE. */
  readLong(): number {
    const at = this.#take(8)
    const high = readInt32(this.bytes, at)
    if (high >= 0x20_0000 || high < -0x20_0000) {
      throw new JuteError(
        'JUTE_LONG_RANGE',
        `the long at byte ${at} has the upper half ${high}; between −2^21 and 2^21 − 1 is allowed (a larger epoch is refused)`,
      )
    }
    return high * 0x1_0000_0000 + readUint32(this.bytes, at + 4)
  }

  /** A long of which every bit counts. */
  readLongBits(): bigint {
    const at = this.#take(8)
    const high = readInt32(this.bytes, at)
    const low = readUint32(this.bytes, at + 4)
    // Most of those that are read are the owner of a node that has none.
    return high === 0 && low === 0 ? 0n : (BigInt(high) << 32n) | BigInt(low)
  }

  readSessionId(): SessionId {
    const at = this.#take(8)
    return sessionIdOf(readInt32(this.bytes, at), readInt32(this.bytes, at + 4))
  }

  /**
   * Steps over a string or buffer and returns its length, or −1 for null. The bytes end at the new
   * {@link position}: they are `bytes[position - length, position)`.
   */
  skipBuffer(): number {
    const at = this.#take(4)
    const length = readInt32(this.bytes, at)
    if (length === -1) return -1
    if (length < 0 || length > this.#lengthMax) {
      throw new JuteError(
        'JUTE_LENGTH',
        `the length at byte ${at} is ${length}; −1 (null) or 0 to ${this.#lengthMax} is allowed`,
      )
    }
    this.#take(length)
    return length
  }

  /** A view (no copy) of the buffer's bytes, or null. */
  readBuffer(): Uint8Array | null {
    const length = this.skipBuffer()
    return length < 0 ? null : this.bytes.subarray(this.position - length, this.position)
  }

  readString(): string | null {
    const length = this.skipBuffer()
    return length < 0
      ? null
      : this.#platform.utf8Decode(this.bytes, this.position - length, this.position)
  }

  /** The count of a vector; −1 is null. Elements are bounded by the bytes that are there, not by the count. */
  readCount(): number {
    const at = this.#take(4)
    const count = readInt32(this.bytes, at)
    if (count < -1)
      throw new JuteError(
        'JUTE_LENGTH',
        `the vector count at byte ${at} is ${count}; −1 (null) or more is allowed`,
      )
    return count
  }

  #take(length: number): number {
    const at = this.position
    if (length > this.end - at) {
      throw new JuteError(
        'JUTE_TRUNCATED',
        `a field of ${length} bytes is expected at byte ${at}, and the record ends at ${this.end}`,
      )
    }
    this.position = at + length
    return at
  }
}
