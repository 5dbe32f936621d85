/** Writes Jute fields one after the other into a buffer that grows. */
import { highHalf, lowHalf, writeInt32 } from './bytes.ts'
import { type Platform, purePlatform } from './platform.ts'
import { utf8Length, utf8Write } from './utf8.ts'
import { type SessionId, sessionIdHigh, sessionIdLow } from './zxid.ts'

/** Code units of a text that is written in place: longer ones are worth a call of the platform and a copy. */
const directTextMost = 64

export class JuteWriter {
  bytes: Uint8Array
  position = 0
  readonly #platform: Platform

  constructor(capacity = 256, platform: Platform = purePlatform) {
    this.bytes = new Uint8Array(capacity)
    this.#platform = platform
  }

  /** What was written since the start or the last {@link clear}: a view, valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.position)
  }

  /** A copy of {@link written} that later writes leave alone. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.position)
  }

  clear(): this {
    this.position = 0
    return this
  }

  writeByte(value: number): void {
    // Grow first, in a statement of its own: it may put another array in the place of `bytes`.
    const at = this.#grow(1)
    this.bytes[at] = value
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 1 : 0)
  }

  writeInt(value: number): void {
    const at = this.#grow(4)
    writeInt32(this.bytes, at, value)
  }

  /** A safe integer as a long. */
  writeLong(value: number): void {
    this.writeHalves(highHalf(value), lowHalf(value))
  }

  writeLongBits(value: bigint): void {
    this.writeHalves(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)))
  }

  writeHalves(high: number, low: number): void {
    const at = this.#grow(8)
    writeInt32(this.bytes, at, high)
    writeInt32(this.bytes, at + 4, low)
  }

  writeSessionId(id: SessionId): void {
    this.writeHalves(sessionIdHigh(id), sessionIdLow(id))
  }

  writeBuffer(value: Uint8Array | null): void {
    if (value === null) this.writeInt(-1)
    else this.writeSpan(value, 0, value.length)
  }

  /** A buffer or string whose bytes are `source[start, end)`. */
  writeSpan(source: Uint8Array, start: number, end: number): void {
    this.writeInt(end - start)
    this.writeBytes(source, start, end)
  }

  /** Bytes as they are, without a length. */
  writeBytes(source: Uint8Array, start = 0, end: number = source.length): void {
    const at = this.#grow(end - start)
    this.#platform.copy(source, start, end, this.bytes, at)
  }

  writeString(value: string | null): void {
    if (value === null) return this.writeInt(-1)
    if (value.length > directTextMost) return this.writeBuffer(this.#platform.utf8Encode(value))
    const length = utf8Length(value)
    this.writeInt(length)
    const at = this.#grow(length)
    utf8Write(value, this.bytes, at)
  }

  /** Makes room for `length` bytes and returns where they start; the caller fills them. */
  reserve(length: number): number {
    return this.#grow(length)
  }

  #grow(length: number): number {
    const at = this.position
    const end = at + length
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, end))
      larger.set(this.bytes.subarray(0, at))
      this.bytes = larger
    }
    this.position = end
    return at
  }
}
