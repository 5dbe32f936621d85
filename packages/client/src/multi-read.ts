/** Several reads in one request, each with its own outcome. */
import { type MultiOp, type MultiResult, OpCode, type Stat } from '@quorate/protocol'
import type { Chroot } from './chroot.ts'
import type { ClientCodec, PathCodecs, ValueAt } from './codecs-by-path.ts'
import type { CodecChoice, ValueOf } from './value-codec.ts'
import { errorCodeOf, ZooKeeperError } from './zookeeper-error.ts'

/** `{ get: path }`, with a codec of its own if one is named, or `{ children: path }` */
export type ReadRequest =
  | { readonly get: string; readonly codec?: CodecChoice }
  | { readonly children: string }

export type ReadResult<C extends ClientCodec, R extends ReadRequest> =
  | (R extends { readonly get: infer P extends string }
      ? {
          readonly value: R extends { readonly codec: infer K extends CodecChoice }
            ? ValueOf<K>
            : ValueAt<C, P>
          readonly stat: Stat
          readonly error?: undefined
        }
      : { readonly children: readonly string[]; readonly error?: undefined })
  | { readonly error: ZooKeeperError }

export type ReadResults<C extends ClientCodec, R extends readonly ReadRequest[]> = {
  readonly [I in keyof R]: ReadResult<C, R[I]>
}

/** @throws ZooKeeperError BadArguments for what is no path */
export function readOp(request: ReadRequest, chroot: Chroot): MultiOp {
  const path = chroot.resolve(pathOf(request)).server
  return { type: 'get' in request ? OpCode.getData : OpCode.getChildren, path, watch: false }
}

export function readResult(
  request: ReadRequest,
  result: MultiResult | undefined,
  codecs: PathCodecs,
): ReadResult<ClientCodec, ReadRequest> {
  const path = pathOf(request)
  switch (result?.type) {
    case OpCode.getData:
      return valueRead(() => codecs.decode(path, result.data, codecOf(request)), result.stat)
    case OpCode.getChildren:
      return { children: result.children }
    case -1:
      return { error: new ZooKeeperError(errorCodeOf(result.err), { op: 'multiRead', path }) }
    default:
      throw new ZooKeeperError('MarshallingError', { op: 'multiRead', path })
  }
}

/** A value that does not fit its codec fails its own read and no other. */
function valueRead(decode: () => unknown, stat: Stat): ReadResult<ClientCodec, ReadRequest> {
  try {
    return { value: decode(), stat }
  } catch (error) {
    if (error instanceof ZooKeeperError) return { error }
    throw error
  }
}

function pathOf(request: ReadRequest): string {
  return 'get' in request ? request.get : request.children
}

function codecOf(request: ReadRequest): CodecChoice | undefined {
  return 'get' in request ? request.codec : undefined
}
