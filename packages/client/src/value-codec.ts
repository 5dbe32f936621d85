/** How one value becomes the bytes of a node, and back. */
import type { Platform } from '@quorate/protocol'

export interface ValueCodec<V> {
  /** May throw when the value is none of this codec's. */
  encode(value: V): Uint8Array | null
  /** Null for a node without data. The bytes are the codec's own. */
  decode(bytes: Uint8Array | null): V
}

/**
 * Anything that checks a value and gives it back with its type, as the schemas of zod, valibot's parsers and their like
 * do. Nodes hold the value as JSON; one without data is parsed as null.
 */
export interface Schema<V> {
  /** Throws for a value that does not fit. Takes again what it gave. */
  parse(value: unknown): V
  /** What to write as JSON for a value, where that is another shape than `parse` gives. Without it: the parsed value. */
  encode?(value: V): unknown
}

/**
 * - `utf8` (the default): strings; a node without data reads as ''.
 * - `bytes`: Uint8Array, or null for a node without data.
 * - `json`: whatever JSON.stringify takes; a node without data reads as null.
 * - a {@link Schema}: JSON that is checked when it is written and when it is read.
 * - a {@link ValueCodec}: what you make of it.
 */
export type CodecChoice = 'utf8' | 'bytes' | 'json' | Schema<unknown> | ValueCodec<unknown>

/**
 * The type of the values that a codec reads and writes. Schemas come before codecs of one's own: zod's have `encode` and
 * `decode` beside `parse`, which do something else.
 */
export type ValueOf<C extends CodecChoice> = C extends 'utf8'
  ? string
  : C extends 'bytes'
    ? Uint8Array | null
    : C extends 'json'
      ? unknown
      : C extends { parse(value: unknown): infer V }
        ? V
        : C extends ValueCodec<infer V>
          ? V
          : never

/** The codec that a choice stands for. @throws TypeError for what is none */
export function valueCodecOf(choice: CodecChoice, platform: Platform): ValueCodec<unknown> {
  if (choice === 'utf8') return utf8Codec(platform)
  if (choice === 'bytes') return bytesCodec
  if (choice === 'json') return jsonCodec(platform)
  if (hasMethod(choice, 'parse')) return schemaCodec(choice, platform)
  if (hasMethod(choice, 'encode') && hasMethod(choice, 'decode')) return choice
  throw new TypeError(
    "a codec is 'utf8', 'bytes', 'json', a schema with parse, or an object with encode and decode",
  )
}

function hasMethod<N extends string>(
  value: unknown,
  name: N,
): value is Record<N, (value: never) => unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Record<string, unknown>)[name] === 'function'
  )
}

function utf8Codec(platform: Platform): ValueCodec<unknown> {
  return {
    encode(value) {
      if (typeof value !== 'string')
        throw new TypeError(`the codec utf8 takes strings, and the value is ${kindOf(value)}`)
      return platform.utf8Encode(value)
    },
    decode: (bytes) => (bytes === null ? '' : platform.utf8Decode(bytes, 0, bytes.length)),
  }
}

const bytesCodec: ValueCodec<unknown> = {
  encode(value) {
    if (value !== null && !(value instanceof Uint8Array))
      throw new TypeError(
        `the codec bytes takes Uint8Array or null, and the value is ${kindOf(value)}`,
      )
    return value
  },
  // A copy: the bytes lie in what was read from the socket, which would be kept as long as the value.
  decode: (bytes) => bytes?.slice() ?? null,
}

function jsonCodec(platform: Platform): ValueCodec<unknown> {
  return {
    encode(value) {
      const text: string | undefined = JSON.stringify(value)
      if (text === undefined) throw new TypeError(`${kindOf(value)} has no JSON`)
      return platform.utf8Encode(text)
    },
    decode(bytes) {
      if (bytes === null || bytes.length === 0) return null
      return JSON.parse(platform.utf8Decode(bytes, 0, bytes.length)) as unknown
    },
  }
}

function schemaCodec(schema: Schema<unknown>, platform: Platform): ValueCodec<unknown> {
  const json = jsonCodec(platform)
  return {
    encode(value) {
      const written = schema.encode === undefined ? schema.parse(value) : schema.encode(value)
      return json.encode(settled(written))
    },
    decode: (bytes) => settled(schema.parse(json.decode(bytes))),
  }
}

/** @throws TypeError for a promise: values are checked while a call is made, and nothing waits there */
function settled(value: unknown): unknown {
  if (hasMethod(value, 'then'))
    throw new TypeError('the schema gave a promise; take one that checks values at once')
  return value
}

/** A value as it is called in a message. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return value === undefined ? 'undefined' : `of type ${typeof value}`
}
