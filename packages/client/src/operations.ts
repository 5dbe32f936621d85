/** Every request of the protocol as an {@link Operation}: what to send, and what the reply means. Paths are the server's. */
import {
  addWatchRequest,
  AddWatchMode,
  type Acl,
  type ClientInfo,
  type Codec,
  create2Response,
  CreateMode,
  createRequest,
  createTtlRequest,
  type Decoded,
  getAclResponse,
  getAllChildrenNumberResponse,
  getChildren2Response,
  getChildrenResponse,
  getDataResponse,
  getEphemeralsRequest,
  getEphemeralsResponse,
  hasTtl,
  type JuteReader,
  type MultiOp,
  multiRequest,
  multiResponse,
  type MultiResult,
  OpCode,
  opName,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  type ReconfigRequest,
  reconfigRequest,
  setAclRequest,
  setDataRequest,
  type Stat,
  statResponse,
  type WatcherType,
  watchTypeRequest,
  whoAmIResponse,
} from '@quorate/protocol'
import type { Operation } from './call.ts'

/** A node by the path that the server knows, and by the one that the caller wrote. */
export interface NodePath {
  readonly server: string
  readonly client: string
}

export interface CreateArguments {
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[]
  readonly mode: CreateMode
  /** Time to live in ms, for the modes that have one. */
  readonly ttl: number
}

/** Watches to set if the read succeeds: told by what the server answered. */
export type Answered = (err: number) => void

const empty: Codec<void> = { encode() {}, decode() {} }

const none: Codec<null> = { encode() {}, decode: () => null }

export function create(path: NodePath, requested: CreateArguments): Operation<string> {
  const { type, ...request } = createBody(path, requested)
  if (type === OpCode.create) return write(type, path, [createRequest, request], pathOf(pathRecord))
  return write(type, path, createRecord(type, request), pathOf(create2Response))
}

export function createWithStat(
  path: NodePath,
  requested: CreateArguments,
): Operation<{ readonly path: string; readonly stat: Stat }> {
  const { type, ...request } = createBody(path, requested)
  const statType = type === OpCode.create ? OpCode.create2 : type
  return write(statType, path, createRecord(statType, request), create2Response)
}

/** A create as it stands inside a multi, too. */
export function createBody(
  path: NodePath,
  { data, acl, mode, ttl }: CreateArguments,
): MultiOp & { readonly type: 1 | 19 | 21 } {
  const request = { path: path.server, data, acl, flags: mode }
  if (hasTtl(mode)) return { type: OpCode.createTTL, ...request, ttl }
  if (mode === CreateMode.container) return { type: OpCode.createContainer, ...request }
  return { type: OpCode.create, ...request }
}

export function remove(path: NodePath, version: number): Operation<void> {
  return write(OpCode.delete, path, [pathVersionRequest, { path: path.server, version }], empty)
}

export function exists(
  path: NodePath,
  watch: boolean,
  answered?: Answered,
): Operation<Stat | null> {
  return {
    ...read(OpCode.exists, path, [pathWatchRequest, { path: path.server, watch }], stat, answered),
    answerOf: (code) => (code === 'NoNode' ? { value: null } : undefined),
  }
}

export function getData(
  path: NodePath,
  watch: boolean,
  answered?: Answered,
): Operation<Decoded<typeof getDataResponse>> {
  const request = [pathWatchRequest, { path: path.server, watch }] as const
  return read(OpCode.getData, path, request, getDataResponse, answered)
}

/** As {@link getData}, for those who do not want the Stat: it is the larger part of decoding a small value. */
export function getValue<T>(
  path: NodePath,
  watch: boolean,
  decode: (data: Uint8Array | null) => T,
  answered?: Answered,
): Operation<T> {
  const request = [pathWatchRequest, { path: path.server, watch }] as const
  const value = { decode: (reader: JuteReader) => decode(reader.readBuffer()) }
  return read(OpCode.getData, path, request, value, answered)
}

export function setData(path: NodePath, data: Uint8Array | null, version: number): Operation<Stat> {
  return write(OpCode.setData, path, [setDataRequest, { path: path.server, data, version }], stat)
}

export function getChildren(
  path: NodePath,
  watch: boolean,
  answered?: Answered,
): Operation<readonly string[]> {
  const request = [pathWatchRequest, { path: path.server, watch }] as const
  return read(OpCode.getChildren, path, request, children, answered)
}

export function getChildrenWithStat(
  path: NodePath,
  watch: boolean,
  answered?: Answered,
): Operation<Decoded<typeof getChildren2Response>> {
  const request = [pathWatchRequest, { path: path.server, watch }] as const
  return read(OpCode.getChildren2, path, request, getChildren2Response, answered)
}

export function getAcl(path: NodePath): Operation<Decoded<typeof getAclResponse>> {
  return read(OpCode.getACL, path, [pathRecord, { path: path.server }], getAclResponse)
}

export function setAcl(path: NodePath, acl: readonly Acl[], version: number): Operation<Stat> {
  return write(OpCode.setACL, path, [setAclRequest, { path: path.server, acl, version }], stat)
}

export function sync(path: NodePath): Operation<void> {
  return read(OpCode.sync, path, [pathRecord, { path: path.server }], empty)
}

export function getEphemerals(prefix: NodePath): Operation<readonly string[]> {
  const request = [getEphemeralsRequest, { prefixPath: prefix.server }] as const
  return read(OpCode.getEphemerals, prefix, request, ephemerals)
}

export function getAllChildrenNumber(path: NodePath): Operation<number> {
  const request = [pathRecord, { path: path.server }] as const
  return read(OpCode.getAllChildrenNumber, path, request, totalNumber)
}

export function whoAmI(): Operation<readonly ClientInfo[]> {
  return read(OpCode.whoAmI, undefined, [none, null], clientInfo)
}

export function addWatch(
  path: NodePath,
  isRecursive: boolean,
  answered: Answered,
): Operation<void> {
  const mode = isRecursive ? AddWatchMode.persistentRecursive : AddWatchMode.persistent
  const request = [addWatchRequest, { path: path.server, mode }] as const
  return read(OpCode.addWatch, path, request, empty, answered)
}

export function removeWatches(
  path: NodePath,
  type: WatcherType,
  answered: Answered,
): Operation<void> {
  const request = [watchTypeRequest, { path: path.server, type }] as const
  return read(OpCode.removeWatches, path, request, empty, answered)
}

export function multi(ops: readonly MultiOp[]): Operation<readonly MultiResult[]> {
  return write(OpCode.multi, undefined, [multiRequest, ops], multiResults)
}

export function multiRead(ops: readonly MultiOp[]): Operation<readonly MultiResult[]> {
  return read(OpCode.multiRead, undefined, [multiRequest, ops], multiResults)
}

export function reconfig(
  config: NodePath,
  request: ReconfigRequest,
): Operation<Decoded<typeof getDataResponse>> {
  return write(OpCode.reconfig, config, [reconfigRequest, request], getDataResponse)
}

type Decoder<T> = Pick<Codec<T>, 'decode'>

const stat = map(statResponse, (response) => response.stat)
const children = map(getChildrenResponse, (response) => response.children)
const ephemerals = map(getEphemeralsResponse, (response) => response.ephemerals)
const totalNumber = map(getAllChildrenNumberResponse, (response) => response.totalNumber)
const clientInfo = map(whoAmIResponse, (response) => response.clientInfo)
const multiResults: Decoder<readonly MultiResult[]> = multiResponse

function pathOf(decoder: Decoder<{ readonly path: string }>): Decoder<string> {
  return map(decoder, (response) => response.path)
}

function map<T, U>(decoder: Decoder<T>, change: (value: T) => U): Decoder<U> {
  return { decode: (reader: JuteReader) => change(decoder.decode(reader)) }
}

function createRecord(
  type: number,
  request: Omit<MultiOp & { readonly type: 1 | 19 | 21 }, 'type'>,
): readonly [Codec<unknown>, unknown] {
  const codec = type === OpCode.createTTL ? createTtlRequest : createRequest
  return [codec, request]
}

/** A request that is sent at most once. */
function write<R, T>(
  type: number,
  path: NodePath | undefined,
  request: readonly [Codec<R>, R],
  response: Decoder<T>,
): Operation<T> {
  return { ...operation(type, path, request, response), isWrite: true }
}

/** A request that may be sent again when its answer was lost. */
function read<R, T>(
  type: number,
  path: NodePath | undefined,
  request: readonly [Codec<R>, R],
  response: Decoder<T>,
  answered?: Answered,
): Operation<T> {
  const base = operation(type, path, request, response)
  return answered === undefined ? base : { ...base, answered }
}

function operation<R, T>(
  type: number,
  path: NodePath | undefined,
  [codec, record]: readonly [Codec<R>, R],
  response: Decoder<T>,
): Operation<T> {
  return {
    name: opName(type) ?? String(type),
    type,
    path: path?.client,
    isWrite: false,
    write: (writer) => codec.encode(writer, record),
    read: (reader) => response.decode(reader),
  }
}

/** A request without a body, as those that begin and end what a connection may do. */
export function headerOnly(name: string, type: number): Operation<void> {
  return { name, type, path: undefined, isWrite: true, write() {}, read() {} }
}
