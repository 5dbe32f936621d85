/** Numbers as others keep them: Curator as big-endian integers, kazoo as text. */
import type { ValueCodec } from '@quorate/client/core'

/** Four bytes: Curator's SharedCount and DistributedAtomicInteger, kazoo's Counter with `support_curator`. */
export const int32Codec: ValueCodec<number> = {
  encode(value) {
    if (!Number.isInteger(value) || value < int32Min || value > int32Max)
      throw new RangeError(`${value} is no integer of 32 bits. Use atomicLong for larger ones.`)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setInt32(0, value)
    return bytes
  },
  decode(bytes) {
    return viewOf(bytes, 4).getInt32(0)
  },
}

/** Eight bytes: Curator's DistributedAtomicLong. Beyond 2^53 a number would be another one, so there it is refused. */
export const int64Codec: ValueCodec<number> = {
  encode(value) {
    if (!Number.isSafeInteger(value))
      throw new RangeError(`${value} is no integer that a number can hold exactly.`)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigInt64(0, BigInt(value))
    return bytes
  },
  decode(bytes) {
    const value = viewOf(bytes, 8).getBigInt64(0)
    if (BigInt.asIntN(54, value) !== value)
      throw new RangeError(`the counter is at ${value}, more than a number can hold exactly.`)
    return Number(value)
  },
}

/** Decimal text: kazoo's Counter. */
export function textNumberCodec(text: ValueCodec<string>): ValueCodec<number> {
  return {
    encode(value) {
      if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be counted with.`)
      return text.encode(String(value))
    },
    decode(bytes) {
      const written = text.decode(bytes)
      const value = Number(written)
      if (written.trim() === '' || !Number.isFinite(value))
        throw new RangeError(`the counter holds "${written}", which is no number.`)
      return value
    },
  }
}

/** kazoo makes a counter's node before it has a value. */
export function withInitial(codec: ValueCodec<number>, initial: number): ValueCodec<number> {
  return {
    encode: (value) => codec.encode(value),
    decode: (bytes) => (bytes === null || bytes.length === 0 ? initial : codec.decode(bytes)),
  }
}

const int32Min = -0x8000_0000
const int32Max = 0x7fff_ffff

function viewOf(bytes: Uint8Array | null, length: number): DataView {
  if (bytes?.length !== length)
    throw new RangeError(`the counter has ${bytes?.length ?? 0} bytes, and ${length} are expected.`)
  return new DataView(bytes.buffer, bytes.byteOffset, length)
}
