/** The request and response records of the client port, each with its fields in wire order (zookeeper.jute, module proto). */
import { type Acl, aclList } from './acl.ts'
import {
  boolean,
  buffer,
  type Codec,
  int,
  long,
  nullableString,
  record,
  string,
  vector,
  zxid,
} from './codec.ts'
import { type Stat, stat } from './stat.ts'
import type { Zxid } from './zxid.ts'

/** create, create2 and createContainer */
export interface CreateRequest {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[] | null
  readonly flags: number
}
export const createRequest: Codec<CreateRequest> = record({
  path: string,
  data: buffer,
  acl: aclList,
  flags: int,
})

export interface CreateTtlRequest extends CreateRequest {
  /** Time to live in ms. */
  readonly ttl: number
}
export const createTtlRequest: Codec<CreateTtlRequest> = record({
  path: string,
  data: buffer,
  acl: aclList,
  flags: int,
  ttl: long,
})

/** delete and check; version −1 matches any */
export interface PathVersionRequest {
  readonly path: string
  readonly version: number
}
export const pathVersionRequest: Codec<PathVersionRequest> = record({ path: string, version: int })

/** exists, getData, getChildren and getChildren2 */
export interface PathWatchRequest {
  readonly path: string
  readonly watch: boolean
}
export const pathWatchRequest: Codec<PathWatchRequest> = record({ path: string, watch: boolean })

export interface SetDataRequest {
  readonly path: string
  readonly data: Uint8Array | null
  readonly version: number
}
export const setDataRequest: Codec<SetDataRequest> = record({
  path: string,
  data: buffer,
  version: int,
})

export interface SetAclRequest {
  readonly path: string
  readonly acl: readonly Acl[] | null
  /** Expected aversion; −1 matches any. */
  readonly version: number
}
export const setAclRequest: Codec<SetAclRequest> = record({
  path: string,
  acl: aclList,
  version: int,
})

/** getACL, sync and getAllChildrenNumber; also the response of create and sync */
export interface PathRecord {
  readonly path: string
}
export const pathRecord: Codec<PathRecord> = record({ path: string })

export interface ReconfigRequest {
  readonly joiningServers: string | null
  readonly leavingServers: string | null
  readonly newMembers: string | null
  /** Expected config version; −1 matches any. */
  readonly curConfigId: number
}
export const reconfigRequest: Codec<ReconfigRequest> = record({
  joiningServers: nullableString,
  leavingServers: nullableString,
  newMembers: nullableString,
  curConfigId: long,
})

export interface AddWatchRequest {
  readonly path: string
  readonly mode: number
}
export const addWatchRequest: Codec<AddWatchRequest> = record({ path: string, mode: int })

/** checkWatches and removeWatches */
export interface WatchTypeRequest {
  readonly path: string
  readonly type: number
}
export const watchTypeRequest: Codec<WatchTypeRequest> = record({ path: string, type: int })

export interface SetWatchesRequest {
  /** The last zxid that the client has seen. */
  readonly relativeZxid: Zxid
  readonly dataWatches: readonly string[]
  readonly existWatches: readonly string[]
  readonly childWatches: readonly string[]
}
export const setWatchesRequest: Codec<SetWatchesRequest> = record({
  relativeZxid: zxid,
  dataWatches: vector(string),
  existWatches: vector(string),
  childWatches: vector(string),
})

export interface SetWatches2Request extends SetWatchesRequest {
  readonly persistentWatches: readonly string[]
  readonly persistentRecursiveWatches: readonly string[]
}
export const setWatches2Request: Codec<SetWatches2Request> = record({
  relativeZxid: zxid,
  dataWatches: vector(string),
  existWatches: vector(string),
  childWatches: vector(string),
  persistentWatches: vector(string),
  persistentRecursiveWatches: vector(string),
})

export interface AuthPacket {
  /** Always 0; ignored. */
  readonly type: number
  readonly scheme: string
  readonly auth: Uint8Array | null
}
export const authPacket: Codec<AuthPacket> = record({ type: int, scheme: string, auth: buffer })

export interface GetEphemeralsRequest {
  readonly prefixPath: string | null
}
export const getEphemeralsRequest: Codec<GetEphemeralsRequest> = record({
  prefixPath: nullableString,
})

/** Both directions of a SASL exchange. */
export interface SaslToken {
  readonly token: Uint8Array | null
}
export const saslToken: Codec<SaslToken> = record({ token: buffer })

/** create2, createContainer and createTTL */
export interface Create2Response {
  readonly path: string
  readonly stat: Stat
}
export const create2Response: Codec<Create2Response> = record({ path: string, stat })

/** exists, setData and setACL */
export interface StatResponse {
  readonly stat: Stat
}
export const statResponse: Codec<StatResponse> = record({ stat })

/** getData and reconfig */
export interface GetDataResponse {
  readonly data: Uint8Array | null
  readonly stat: Stat
}
export const getDataResponse: Codec<GetDataResponse> = {
  encode(writer, value) {
    writer.writeBuffer(value.data)
    stat.encode(writer, value.stat)
  },
  decode: (reader) => ({ data: reader.readBuffer(), stat: stat.decode(reader) }),
}

export interface GetAclResponse {
  readonly acl: readonly Acl[] | null
  readonly stat: Stat
}
export const getAclResponse: Codec<GetAclResponse> = record({ acl: aclList, stat })

export interface GetChildrenResponse {
  readonly children: readonly string[]
}
export const getChildrenResponse: Codec<GetChildrenResponse> = record({ children: vector(string) })

export interface GetChildren2Response extends GetChildrenResponse {
  readonly stat: Stat
}
export const getChildren2Response: Codec<GetChildren2Response> = record({
  children: vector(string),
  stat,
})

export interface GetEphemeralsResponse {
  readonly ephemerals: readonly string[]
}
export const getEphemeralsResponse: Codec<GetEphemeralsResponse> = record({
  ephemerals: vector(string),
})

export interface GetAllChildrenNumberResponse {
  readonly totalNumber: number
}
export const getAllChildrenNumberResponse: Codec<GetAllChildrenNumberResponse> = record({
  totalNumber: int,
})

/** addWatch answers with one; a failed op inside a multi too. */
export interface ErrorResponse {
  readonly err: number
}
export const errorResponse: Codec<ErrorResponse> = record({ err: int })

/** One identity of the connection, by whoAmI. */
export interface ClientInfo {
  readonly authScheme: string
  readonly user: string
}
const clientInfo: Codec<ClientInfo> = record({ authScheme: string, user: string })

export interface WhoAmIResponse {
  readonly clientInfo: readonly ClientInfo[]
}
export const whoAmIResponse: Codec<WhoAmIResponse> = record({ clientInfo: vector(clientInfo) })

/** The body of a notification. */
export interface WatcherEvent {
  readonly type: number
  readonly state: number
  readonly path: string
}
export const watcherEvent: Codec<WatcherEvent> = record({ type: int, state: int, path: string })
