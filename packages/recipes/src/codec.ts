/** How a recipe's values become bytes: the client's choices, by name or as a codec of the user's own. */
import type { CodecChoice, ValueCodec, ValueOf, World } from '@quorate/client/core'

type Platform = World['platform']

export function codecOf<C extends CodecChoice>(
  choice: C,
  platform: Platform,
): ValueCodec<ValueOf<C>> {
  const codec = typeof choice === 'string' ? namedCodec(choice, platform) : choice
  return codec as ValueCodec<ValueOf<C>>
}

function namedCodec(name: 'utf8' | 'bytes' | 'json', platform: Platform): ValueCodec<unknown> {
  const text = (bytes: Uint8Array | null): string =>
    bytes === null ? '' : platform.utf8Decode(bytes, 0, bytes.length)
  switch (name) {
    case 'bytes':
      return { encode: (value) => value as Uint8Array | null, decode: (bytes) => bytes }
    case 'utf8':
      return { encode: (value) => platform.utf8Encode(value as string), decode: text }
    default:
      return {
        encode: (value) => platform.utf8Encode(JSON.stringify(value)),
        decode: (bytes) =>
          bytes === null || bytes.length === 0 ? null : (JSON.parse(text(bytes)) as unknown),
      }
  }
}
