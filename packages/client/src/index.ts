/** The public face of the client room without a platform: the client over a World that is handed in. */
export { type AbortSignalLike, type CallOptions, callOptionsOf } from './call.ts'
export type { Change, ChangeListener, ChangeType } from './change.ts'
export type { ClientCodec, CodecOption, CodecsByPath, ValueAt } from './codecs-by-path.ts'
export type { Child } from './children-values.ts'
export type { CreatedNode } from './create-calls.ts'
export type {
  Change as ValueChange,
  UpdateCreateOptions,
  Updated,
  UpdateOptions,
} from './update-calls.ts'
export type { EnsembleConfig, EnsembleServer, PeerAddress } from './ensemble-config.ts'
export type { Watched } from './one-shot-watch.ts'
export type { ReadRequest, ReadResult, ReadResults } from './multi-read.ts'
export type { Membership } from './membership-calls.ts'
export type {
  AddWatchOptions,
  ClientOptions,
  CreateOptions,
  DeleteOptions,
  ReadLevel,
  ReadOptions,
  ReconfigOptions,
  RemoveWatchesOptions,
  SetOptions,
  ViewOptions,
  WatchOptions,
  WatchStreamOptions,
} from './options.ts'
export { digestMd5, type DigestMd5Options } from './digest-md5.ts'
export type { SaslExchange, SaslMechanism } from './sasl.ts'
export type { UnkeptNode } from './kept-ephemerals.ts'
export type { SessionRenewal } from './renewal.ts'
export { SessionLoss, type SessionLossReason } from './session-loss.ts'
export type { SessionIdentity, SessionState, StateChange } from './session-state.ts'
export { childPath } from './subtree.ts'
export type { TracedCall, TracedConnection, TracedState, Tracer } from './tracer.ts'
export { Transaction, type VersionOptions } from './transaction.ts'
export {
  type CodecChoice,
  type Schema,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from './value-codec.ts'
export { type Gap, type WatchedChange, WatchStream } from './watch-stream.ts'
export type {
  Alarm,
  Clock,
  Link,
  LinkListener,
  Random,
  ServerAddress,
  Transport,
  World,
} from './world.ts'
export {
  type OnExpired,
  type ValueWithStat,
  ZooKeeper,
  type ZooKeeperEvents,
  type ZooKeeperOptions,
} from './zookeeper.ts'
export {
  type ClientErrorName,
  ZooKeeperError,
  type ZooKeeperErrorCode,
  type ZooKeeperErrorOptions,
} from './zookeeper-error.ts'
export {
  type Acl,
  type ClientInfo,
  creatorAcl,
  digestId,
  openAcl,
  Perms,
  readAcl,
  type SessionId,
  type Stat,
  type Zxid,
} from '@quorate/protocol'
