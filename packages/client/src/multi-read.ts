/** Several reads in one request, each with its own outcome. */
import { errorName, type MultiOp, type MultiResult, OpCode, type Stat } from '@quorate/protocol'
import type { Chroot } from './chroot.ts'
import type { CodecChoice, PathValueCodec, ValueOf } from './value-codec.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** `{ get: path }` or `{ children: path }` */
export type ReadRequest = { readonly get: string } | { readonly children: string }

export type ReadResult<C extends CodecChoice, R extends ReadRequest> =
  | (R extends { readonly get: string }
      ? { readonly value: ValueOf<C>; readonly stat: Stat; readonly error?: undefined }
      : { readonly children: readonly string[]; readonly error?: undefined })
  | { readonly error: ZooKeeperError }

export type ReadResults<C extends CodecChoice, R extends readonly ReadRequest[]> = {
  readonly [I in keyof R]: ReadResult<C, R[I]>
}

/** @throws ZooKeeperError BadArguments for what is no path */
export function readOp(request: ReadRequest, chroot: Chroot): MultiOp {
  const path = chroot.resolve(pathOf(request)).server
  return { type: 'get' in request ? OpCode.getData : OpCode.getChildren, path, watch: false }
}

export function readResult<C extends CodecChoice>(
  request: ReadRequest,
  result: MultiResult | undefined,
  codec: PathValueCodec<ValueOf<C>>,
): ReadResult<C, ReadRequest> {
  const path = pathOf(request)
  switch (result?.type) {
    case OpCode.getData:
      return { value: codec.decode(path, result.data), stat: result.stat }
    case OpCode.getChildren:
      return { children: result.children }
    case -1: {
      const name = errorName(result.err)
      const code = name === undefined || name === 'Ok' ? 'SystemError' : name
      return { error: new ZooKeeperError(code, { op: 'multiRead', path }) }
    }
    default:
      throw new ZooKeeperError('MarshallingError', { op: 'multiRead', path })
  }
}

function pathOf(request: ReadRequest): string {
  return 'get' in request ? request.get : request.children
}
