/**
 * The bodies of multi and multiRead: { MultiHeader · record }* and a terminator.
 *
 *     MultiHeader = int type · boolean done · int err      (9 bytes; terminator: −1, true, −1)
 */
import {
  createRequest,
  type CreateRequest,
  createTtlRequest,
  type CreateTtlRequest,
  create2Response,
  errorResponse,
  getChildrenResponse,
  getDataResponse,
  pathRecord,
  pathVersionRequest,
  type PathVersionRequest,
  pathWatchRequest,
  type PathWatchRequest,
  setDataRequest,
  type SetDataRequest,
  statResponse,
} from './client-records.ts'
import type { Codec } from './codec.ts'
import { JuteError } from './jute-error.ts'
import type { JuteReader } from './jute-reader.ts'
import type { JuteWriter } from './jute-writer.ts'
import { OpCode } from './op-code.ts'
import type { Stat } from './stat.ts'

export type MultiOp =
  | ({ readonly type: 1 | 15 | 19 } & CreateRequest)
  | ({ readonly type: 21 } & CreateTtlRequest)
  | ({ readonly type: 2 | 13 } & PathVersionRequest)
  | ({ readonly type: 5 } & SetDataRequest)
  | ({ readonly type: 4 | 8 } & PathWatchRequest)

/** A result's type is the op's, but 15 for every create that answers with a Stat, and −1 for an error. */
export type MultiResult =
  | { readonly type: 1; readonly path: string }
  | { readonly type: 15; readonly path: string; readonly stat: Stat }
  | { readonly type: 2 | 13 }
  | { readonly type: 5; readonly stat: Stat }
  | { readonly type: 4; readonly data: Uint8Array | null; readonly stat: Stat }
  | { readonly type: 8; readonly children: readonly string[] }
  | { readonly type: -1; readonly err: number }

const requestCodecs = new Map<number, Codec<never>>([
  [OpCode.create, createRequest],
  [OpCode.create2, createRequest],
  [OpCode.createContainer, createRequest],
  [OpCode.createTTL, createTtlRequest],
  [OpCode.delete, pathVersionRequest],
  [OpCode.check, pathVersionRequest],
  [OpCode.setData, setDataRequest],
  [OpCode.getData, pathWatchRequest],
  [OpCode.getChildren, pathWatchRequest],
] as [number, Codec<never>][])

const nothing: Codec<object> = { encode() {}, decode: () => ({}) }

const resultCodecs = new Map<number, Codec<never>>([
  [OpCode.create, pathRecord],
  [OpCode.create2, create2Response],
  [OpCode.delete, nothing],
  [OpCode.check, nothing],
  [OpCode.setData, statResponse],
  [OpCode.getData, getDataResponse],
  [OpCode.getChildren, getChildrenResponse],
  [OpCode.error, errorResponse],
] as [number, Codec<never>][])

/** @throws JuteError JUTE_UNKNOWN_TYPE for an op that a multi cannot hold */
export const multiRequest: Codec<readonly MultiOp[]> = sequence<MultiOp>(requestCodecs, () => -1)
/** @throws JuteError JUTE_UNKNOWN_TYPE for a result type that is unknown */
export const multiResponse: Codec<readonly MultiResult[]> = sequence<MultiResult>(
  resultCodecs,
  (result) => ('err' in result ? result.err : 0),
)

export function writeMultiHeader(
  writer: JuteWriter,
  type: number,
  done: boolean,
  err: number,
): void {
  writer.writeInt(type)
  writer.writeBoolean(done)
  writer.writeInt(err)
}

function sequence<T extends { readonly type: number }>(
  codecs: ReadonlyMap<number, Codec<never>>,
  errOf: (element: T) => number,
): Codec<readonly T[]> {
  function codecOf(type: number): Codec<T> {
    const codec = codecs.get(type)
    if (codec === undefined)
      throw new JuteError(
        'JUTE_UNKNOWN_TYPE',
        `a multi holds the type ${type}; ${[...codecs.keys()].join(', ')} are allowed`,
      )
    return codec
  }
  return {
    encode(writer, elements) {
      for (const element of elements) {
        writeMultiHeader(writer, element.type, false, errOf(element))
        codecOf(element.type).encode(writer, element)
      }
      writeMultiHeader(writer, -1, true, -1)
    },
    decode(reader: JuteReader) {
      const elements: T[] = []
      for (;;) {
        const type = reader.readInt()
        const done = reader.readBoolean()
        reader.readInt()
        if (done) return elements
        elements.push({ ...codecOf(type).decode(reader), type })
      }
    },
  }
}
