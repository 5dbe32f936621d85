/** What a real client sends, read back as the plain data that checkers judge. */
import {
  addWatchRequest,
  AddWatchMode,
  type Codec,
  type CreateMode,
  createRequest,
  createTtlRequest,
  getChildrenResponse,
  JuteReader,
  type MultiOp,
  multiRequest,
  OpCode,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  reconfigRequest,
  requestHeader,
  setDataRequest,
  type SetWatches2Request,
  setWatches2Request,
  setWatchesRequest,
  type WatcherType,
  watchTypeRequest,
} from '@quorate/protocol'
import type { Answer, Operation, Outcome, WriteOperation } from './operation.ts'
import { decodeAnswer, textOf } from './operation-codec.ts'

export interface SentRequest {
  readonly xid: number
  /** The protocol's number of the request, of which several may be one kind of operation. */
  readonly code: number
  /** Undefined for credentials: those are answered out of turn, and show no state. */
  readonly operation: Operation | undefined
}

/** @throws Error for a request that no client of a simulation makes */
export function decodeRequest(frame: Uint8Array): SentRequest {
  const reader = new JuteReader(frame)
  const { xid, type: code } = requestHeader.decode(reader)
  if (code === OpCode.auth) return { xid, code, operation: undefined }
  if (code !== OpCode.linearizableRead) return { xid, code, operation: decodeBody(code, reader) }
  // The read itself is in an envelope, and answered as without it.
  const inner = reader.readInt()
  const operation = { ...decodeBody(inner, reader), isLinearizable: true } as Operation
  return { xid, code: inner, operation }
}

/** The body of a reply without error, to a request of this code. */
export function decodeReply({ code, operation }: SentRequest, body: Uint8Array): Answer {
  if (code === OpCode.create) return pathRecord.decode(new JuteReader(body))
  if (code === OpCode.getChildren) return getChildrenResponse.decode(new JuteReader(body))
  return operation === undefined ? {} : decodeAnswer(operation, body)
}

/** The answer to a question about writes that were sent on earlier connections, which are found by their xids. */
export function decodeOutcomes(
  body: Uint8Array,
  writes: ReadonlyMap<number, SentRequest>,
): readonly Outcome[] {
  return outcomesResponse.decode(new JuteReader(body)).map((told): Outcome => {
    const { xid, state, zxid, err } = told
    if (state === OutcomeState.neverApplied) return { xid, state: 'neverApplied' }
    if (state === OutcomeState.unknown) return { xid, state: 'unknown' }
    if (state === OutcomeState.undecided) return { xid, state: 'undecided' }
    const write = writes.get(xid)
    if (write?.operation === undefined)
      throw new Error(`a server tells of ${xid}, which is no write`)
    const answer = err === 0 ? decodeReply(write, told.body ?? new Uint8Array(0)) : {}
    return { xid, state: 'applied', zxid, err, operation: write.operation, answer }
  })
}

function decodeBody(code: number, reader: JuteReader): Operation {
  const read = <T>(codec: Codec<T>): T => codec.decode(reader)
  switch (code) {
    case OpCode.ping:
      return { type: 'ping' }
    case OpCode.closeSession:
      return { type: 'closeSession' }
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return createOf(read(createRequest))
    case OpCode.createTTL: {
      const request = read(createTtlRequest)
      return { ...createOf(request), ttlMs: request.ttl }
    }
    case OpCode.delete:
      return { type: 'delete', ...read(pathVersionRequest) }
    case OpCode.setData: {
      const { path, data, version } = read(setDataRequest)
      return { type: 'setData', path, data: textOf(data), version }
    }
    case OpCode.getData:
      return { type: 'getData', ...read(pathWatchRequest) }
    case OpCode.exists:
      return { type: 'exists', ...read(pathWatchRequest) }
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return { type: 'getChildren', ...read(pathWatchRequest) }
    case OpCode.sync:
      return { type: 'sync', ...read(pathRecord) }
    case OpCode.addWatch: {
      const { path, mode } = read(addWatchRequest)
      return { type: 'addWatch', path, isRecursive: mode === AddWatchMode.persistentRecursive }
    }
    case OpCode.removeWatches: {
      const { path, type } = read(watchTypeRequest)
      return { type: 'removeWatches', path, kind: type as WatcherType }
    }
    default:
      return decodeRarer(code, reader)
  }
}

function decodeRarer(code: number, reader: JuteReader): Operation {
  switch (code) {
    case OpCode.outcomes:
      return { type: 'outcomes', ...outcomesRequest.decode(reader) }
    case OpCode.multi:
      return { type: 'multi', operations: multiRequest.decode(reader).map(partOf) }
    case OpCode.multiRead:
      return {
        type: 'multiRead',
        paths: multiRequest.decode(reader).map((part) => part.path),
      }
    case OpCode.setWatches:
      return watchesOf({
        ...setWatchesRequest.decode(reader),
        persistentWatches: [],
        persistentRecursiveWatches: [],
      })
    case OpCode.setWatches2:
      return watchesOf(setWatches2Request.decode(reader))
    case OpCode.reconfig: {
      const request = reconfigRequest.decode(reader)
      return {
        type: 'reconfig',
        ...(request.joiningServers === null ? {} : { joining: request.joiningServers }),
        ...(request.leavingServers === null ? {} : { leaving: request.leavingServers }),
        ...(request.newMembers === null ? {} : { newMembers: request.newMembers }),
        version: request.curConfigId,
      }
    }
    default:
      throw new Error(`a client sent a request of type ${code}, which nothing here asks for`)
  }
}

function createOf(request: {
  readonly path: string
  readonly data: Uint8Array | null
  readonly flags: number
}): Extract<WriteOperation, { readonly type: 'create' }> {
  const { path, data, flags } = request
  return { type: 'create', path, data: textOf(data), mode: flags as CreateMode }
}

function partOf(part: MultiOp): WriteOperation {
  switch (part.type) {
    case OpCode.delete:
      return { type: 'delete', path: part.path, version: part.version }
    case OpCode.check:
      return { type: 'check', path: part.path, version: part.version }
    case OpCode.setData:
      return {
        type: 'setData',
        path: part.path,
        data: textOf(part.data),
        version: part.version,
      }
    case OpCode.getData:
    case OpCode.getChildren:
      throw new Error('a client sent a read within a multi of changes')
    case OpCode.createTTL:
      return { ...createOf(part), ttlMs: part.ttl }
    default:
      return createOf(part)
  }
}

function watchesOf(
  request: SetWatches2Request,
): Extract<Operation, { readonly type: 'setWatches' }> {
  return {
    type: 'setWatches',
    relativeZxid: request.relativeZxid,
    watches: {
      data: request.dataWatches,
      exist: request.existWatches,
      child: request.childWatches,
      persistent: request.persistentWatches,
      recursive: request.persistentRecursiveWatches,
    },
  }
}
