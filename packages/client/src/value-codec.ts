/** How the values of a client become the bytes of a node, and back. */
import type { Platform } from '@quorate/protocol'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface ValueCodec<V> {
  /** May throw when the value is none of this codec's. */
  encode(value: V): Uint8Array | null
  /** Null for a node without data. The bytes are the codec's own. */
  decode(bytes: Uint8Array | null): V
}

/**
 * - `utf8` (the default): strings; a node without data reads as ''.
 * - `bytes`: Uint8Array, or null for a node without data.
 * - `json`: whatever JSON.stringify takes; a node without data reads as null.
 */
export type CodecChoice = 'utf8' | 'bytes' | 'json' | ValueCodec<unknown>

/** The type of the values that a client with this codec reads and writes. */
export type ValueOf<C extends CodecChoice> = C extends 'utf8'
  ? string
  : C extends 'bytes'
    ? Uint8Array | null
    : C extends 'json'
      ? unknown
      : C extends ValueCodec<infer V>
        ? V
        : never

/** A codec whose failures are errors of this client, with the path. */
export class PathValueCodec<V> {
  readonly #codec: ValueCodec<V>

  constructor(codec: ValueCodec<V>) {
    this.#codec = codec
  }

  encode(path: string, value: V): Uint8Array | null {
    try {
      return this.#codec.encode(value)
    } catch (cause) {
      throw new ZooKeeperError('InvalidValue', { path, cause })
    }
  }

  decode(path: string, bytes: Uint8Array | null): V {
    try {
      return this.#codec.decode(bytes)
    } catch (cause) {
      throw new ZooKeeperError('InvalidValue', { path, cause })
    }
  }
}

export function valueCodecOf<C extends CodecChoice>(
  choice: C,
  platform: Platform,
): PathValueCodec<ValueOf<C>> {
  const codec = typeof choice === 'string' ? namedCodec(choice, platform) : choice
  return new PathValueCodec(codec as ValueCodec<ValueOf<C>>)
}

function namedCodec(name: 'utf8' | 'bytes' | 'json', platform: Platform): ValueCodec<unknown> {
  if (name === 'bytes') return bytesCodec
  return name === 'json' ? jsonCodec(platform) : utf8Codec(platform)
}

function utf8Codec(platform: Platform): ValueCodec<string> {
  return {
    encode(value) {
      if (typeof value !== 'string')
        throw new TypeError(
          `the codec utf8 takes strings, and the value is of type ${typeof value}`,
        )
      return platform.utf8Encode(value)
    },
    decode: (bytes) => (bytes === null ? '' : platform.utf8Decode(bytes, 0, bytes.length)),
  }
}

const bytesCodec: ValueCodec<Uint8Array | null> = {
  encode(value) {
    if (value !== null && !(value instanceof Uint8Array))
      throw new TypeError(
        `the codec bytes takes Uint8Array or null, and the value is ${typeof value}`,
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
      if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`)
      return platform.utf8Encode(text)
    },
    decode(bytes) {
      if (bytes === null || bytes.length === 0) return null
      return JSON.parse(platform.utf8Decode(bytes, 0, bytes.length)) as unknown
    },
  }
}
