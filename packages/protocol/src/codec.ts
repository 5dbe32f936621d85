/**
 * Records as data: a codec is a pair of functions, and a record's codec is built from its fields' in wire order.
 * Clients, tools and tests use these; the server's request path reads the few hot records by hand, and tests hold
 * the two together.
 */
import { JuteError } from './jute-error.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import type { SessionId, Zxid } from './zxid.ts'

export interface Codec<T> {
  encode(writer: JuteWriter, value: T): void
  decode(reader: JuteReader): T
}

export type Decoded<C> = C extends Codec<infer T> ? T : never

export const byte: Codec<number> = { encode: (w, v) => w.writeByte(v), decode: (r) => r.readByte() }
export const boolean: Codec<boolean> = {
  encode: (w, v) => w.writeBoolean(v),
  decode: (r) => r.readBoolean(),
}
export const int: Codec<number> = { encode: (w, v) => w.writeInt(v), decode: (r) => r.readInt() }
/** A long that is a safe integer: zxids, times, counts. */
export const long: Codec<number> = { encode: (w, v) => w.writeLong(v), decode: (r) => r.readLong() }
export const zxid: Codec<Zxid> = long
export const longBits: Codec<bigint> = {
  encode: (w, v) => w.writeLongBits(v),
  decode: (r) => r.readLongBits(),
}
export const sessionId: Codec<SessionId> = {
  encode: (w, v) => w.writeSessionId(v),
  decode: (r) => r.readSessionId(),
}
export const buffer: Codec<Uint8Array | null> = {
  encode: (w, v) => w.writeBuffer(v),
  decode: (r) => r.readBuffer(),
}
/** A string that may be null on the wire. */
export const nullableString: Codec<string | null> = {
  encode: (w, v) => w.writeString(v),
  decode: (r) => r.readString(),
}
/** A string; null is refused with JUTE_NULL. */
export const string: Codec<string> = {
  encode: (w, v) => w.writeString(v),
  decode: readRequiredString,
}

/** Elements in order; a null vector (count −1) reads as null. */
export function nullableVector<T>(element: Codec<T>): Codec<readonly T[] | null> {
  return {
    encode(writer, values) {
      writer.writeInt(values === null ? -1 : values.length)
      for (const value of values ?? []) element.encode(writer, value)
    },
    decode(reader) {
      const count = reader.readCount()
      if (count < 0) return null
      const values: T[] = []
      for (let i = 0; i < count; i++) values.push(element.decode(reader))
      return values
    },
  }
}

/** Elements in order; a null vector reads as an empty one. */
export function vector<T>(element: Codec<T>): Codec<readonly T[]> {
  const inner = nullableVector(element)
  return { encode: (w, v) => inner.encode(w, v), decode: (r) => inner.decode(r) ?? [] }
}

/** Fields in the order of the object's keys, which is the wire order. */
export function record<F extends Record<string, unknown>>(fields: {
  readonly [K in keyof F]: Codec<F[K]>
}): Codec<Readonly<F>> {
  const names = Object.keys(fields)
  const codecs = Object.values(fields) as Codec<unknown>[]
  const { length } = names
  return {
    encode(writer, value) {
      for (let at = 0; at < length; at++) codecs[at]!.encode(writer, value[names[at]!])
    },
    decode(reader) {
      const value: Record<string, unknown> = {}
      for (let at = 0; at < length; at++) value[names[at]!] = codecs[at]!.decode(reader)
      return value as Readonly<F>
    },
  }
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new JuteWriter()
  codec.encode(writer, value)
  return writer.copy()
}

/** Decodes the record at the start of `bytes`; bytes behind it are ignored, as Apache ignores them. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.decode(new JuteReader(bytes))
}

function readRequiredString(reader: JuteReader): string {
  const at = reader.position
  const value = reader.readString()
  if (value === null)
    throw new JuteError('JUTE_NULL', `the string at byte ${at} is null, and it may not be`)
  return value
}
