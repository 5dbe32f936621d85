/** Operations as requests on the wire, and replies as answers. */
import {
  AddWatchMode,
  addWatchRequest,
  authPacket,
  type Codec,
  create2Response,
  CreateMode,
  createRequest,
  createTtlRequest,
  getChildren2Response,
  getDataResponse,
  hasTtl,
  JuteReader,
  JuteWriter,
  type MultiOp,
  multiRequest,
  multiResponse,
  OpCode,
  openAcl,
  outcomesRequest,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  readInt32,
  readLong,
  reconfigRequest,
  type ReplyHeader,
  replyHeaderLength,
  requestHeader,
  setDataRequest,
  setWatches2Request,
  statResponse,
  utf8Decode,
  utf8Encode,
  watchTypeRequest,
  writeInt32,
} from '@quorate/protocol'
import { type Answer, isLinearizable, type Operation, type WriteOperation } from './operation.ts'

const noBytes = new Uint8Array(0)

/** Used for one frame after another. */
const frameWriter = new JuteWriter(4_096)

/** The frame of a request, with its length. */
export function encodeOperation(xid: number, operation: Operation): Uint8Array {
  const writer = frameWriter.clear()
  writer.reserve(4)
  const type = operation.type === 'create' ? createCode(operation.mode) : opCodes[operation.type]
  if (isLinearizable(operation)) {
    requestHeader.encode(writer, { xid, type: OpCode.linearizableRead })
    writer.writeInt(type)
  } else requestHeader.encode(writer, { xid, type })
  encodeBody(writer, operation)
  writeInt32(writer.bytes, 0, writer.position - 4)
  return writer.copy()
}

export function framed(body: Uint8Array): Uint8Array {
  const writer = new JuteWriter()
  writer.writeBuffer(body)
  return writer.copy()
}

function createCode(mode: CreateMode): number {
  if (hasTtl(mode)) return OpCode.createTTL
  return mode === CreateMode.container ? OpCode.createContainer : OpCode.create2
}

const opCodes: Readonly<Record<Operation['type'], number>> = {
  create: OpCode.create2,
  delete: OpCode.delete,
  setData: OpCode.setData,
  getData: OpCode.getData,
  exists: OpCode.exists,
  getChildren: OpCode.getChildren2,
  multi: OpCode.multi,
  multiRead: OpCode.multiRead,
  addWatch: OpCode.addWatch,
  removeWatches: OpCode.removeWatches,
  setWatches: OpCode.setWatches2,
  sync: OpCode.sync,
  auth: OpCode.auth,
  reconfig: OpCode.reconfig,
  outcomes: OpCode.outcomes,
  ping: OpCode.ping,
  closeSession: OpCode.closeSession,
}

function encodeBody(writer: JuteWriter, operation: Operation): void {
  switch (operation.type) {
    case 'ping':
    case 'closeSession':
      return
    case 'create':
      return operation.ttlMs === undefined
        ? createRequest.encode(writer, createOf(operation))
        : createTtlRequest.encode(writer, { ...createOf(operation), ttl: operation.ttlMs })
    case 'delete':
      return pathVersionRequest.encode(writer, operation)
    case 'setData':
      return setDataRequest.encode(writer, { ...operation, data: utf8Encode(operation.data) })
    case 'getData':
    case 'exists':
    case 'getChildren':
      return pathWatchRequest.encode(writer, operation)
    case 'multi':
      return multiRequest.encode(writer, operation.operations.map(multiOpOf))
    case 'outcomes':
      return outcomesRequest.encode(writer, operation)
    case 'multiRead':
      return multiRequest.encode(
        writer,
        operation.paths.map((path) => ({ type: OpCode.getData, path, watch: false })),
      )
    case 'addWatch':
      return addWatchRequest.encode(writer, {
        path: operation.path,
        mode: operation.isRecursive ? AddWatchMode.persistentRecursive : AddWatchMode.persistent,
      })
    case 'removeWatches':
      return watchTypeRequest.encode(writer, { path: operation.path, type: operation.kind })
    case 'sync':
      return pathRecord.encode(writer, operation)
    case 'auth':
      return authPacket.encode(writer, {
        type: 0,
        scheme: 'digest',
        auth: utf8Encode(operation.credentials),
      })
    case 'reconfig':
      return reconfigRequest.encode(writer, {
        joiningServers: operation.joining ?? null,
        leavingServers: operation.leaving ?? null,
        newMembers: operation.newMembers ?? null,
        curConfigId: operation.version,
      })
    case 'setWatches':
      return setWatches2Request.encode(writer, {
        relativeZxid: operation.relativeZxid,
        dataWatches: operation.watches.data,
        existWatches: operation.watches.exist,
        childWatches: operation.watches.child,
        persistentWatches: operation.watches.persistent,
        persistentRecursiveWatches: operation.watches.recursive,
      })
  }
}

function createOf(operation: Extract<WriteOperation, { readonly type: 'create' }>): {
  path: string
  data: Uint8Array
  acl: typeof openAcl
  flags: number
} {
  const { path, data, mode } = operation
  return { path, data: utf8Encode(data), acl: openAcl, flags: mode }
}

function multiOpOf(operation: WriteOperation): MultiOp {
  switch (operation.type) {
    case 'create': {
      const { mode, ttlMs: ttl } = operation
      if (ttl !== undefined) return { type: OpCode.createTTL, ...createOf(operation), ttl }
      const isContainer = mode === CreateMode.container
      return { type: isContainer ? OpCode.createContainer : OpCode.create2, ...createOf(operation) }
    }
    case 'delete':
      return { ...operation, type: OpCode.delete }
    case 'check':
      return { ...operation, type: OpCode.check }
    default:
      return { ...operation, type: OpCode.setData, data: utf8Encode(operation.data) }
  }
}

/** What every reply begins with: by hand, as there is one in every second event that a client has. */
export function readReplyHeader(frame: Uint8Array): ReplyHeader {
  if (frame.length < replyHeaderLength)
    throw new Error(`a reply has ${frame.length} bytes, and its header is longer`)
  return { xid: readInt32(frame, 0), zxid: readLong(frame, 4), err: readInt32(frame, 12) }
}

/** The body of a reply without error. */
export function decodeAnswer(operation: Operation, body: Uint8Array): Answer {
  switch (operation.type) {
    case 'create':
      return read(create2Response, body)
    case 'setData':
    case 'exists':
      return read(statResponse, body)
    case 'getChildren':
      return read(getChildren2Response, body)
    case 'reconfig':
    case 'getData': {
      const { data, stat } = read(getDataResponse, body)
      return { data: textOf(data), stat }
    }
    case 'multi':
    case 'multiRead':
      return { results: read(multiResponse, body) }
    case 'sync':
      return read(pathRecord, body)
    default:
      return {}
  }
}

export function textOf(data: Uint8Array | null): string {
  const bytes = data ?? noBytes
  return utf8Decode(bytes, 0, bytes.length)
}

function read<T>(codec: Codec<T>, body: Uint8Array): T {
  return codec.decode(new JuteReader(body))
}
