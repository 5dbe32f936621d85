/** The options of a client and of its calls. */
import type { ChangeListener } from './change.ts'
import type { AbortSignalLike, CallOptions } from './call.ts'
import type { CreateOptions as NodeOptions } from './create-options.ts'
import type { SaslMechanism } from './sasl.ts'
import type { SessionIdentity } from './session-state.ts'
import type { VersionOptions } from './transaction.ts'
import type { ClientCodec } from './codecs-by-path.ts'

/** What each view of a session has of its own. */
export interface ViewOptions<C extends ClientCodec> {
  /** How values become bytes: for all nodes, or by path. Default 'utf8'. */
  readonly codec?: C
  /** The deadline of calls that give none. Default: none but the session's end; for a view, that of its origin. */
  readonly deadlineMs?: number
}

/** What a client can be told, but for its hooks. */
export interface ClientOptions<C extends ClientCodec> extends ViewOptions<C> {
  /** The session timeout to ask for, in ms; the server has its own bounds. Default 30 000. */
  readonly timeout?: number
  /** Accept a server that is cut off from the ensemble; see {@link ZooKeeper.isReadOnly}. Default false. */
  readonly readOnly?: boolean
  /**
   * Keep the list of servers as the ensemble's membership has it: new members are used, those that left are not, and when
   * the list grows a part of the clients moves, so that the load is even again. Needs client ports in the configuration
   * (`server.1=host:2888:3888;2181`) and the right to read /zookeeper/config. Default false.
   */
  readonly followConfig?: boolean
  /** A session to take over from another client: what its `handOver()` gave. */
  readonly session?: SessionIdentity
  /** How each connection proves who the client is, before anything else is sent on it. */
  readonly sasl?: SaslMechanism
  /**
   * How many calls may wait for answers; one more is rejected with Overloaded. Await {@link ZooKeeper.drained} now and
   * then where more are made than a server answers. Default 131 072.
   */
  readonly pendingMax?: number
  /** The same by the bytes of their requests: what is over goes on, and the next call is rejected. Default 64 MiB. */
  readonly pendingBytesMax?: number
  /** The longest request; the server's limit is jute.maxbuffer. Default 1 048 575. */
  readonly requestBytesMax?: number
  /** The longest reply. Default 128 MiB. */
  readonly replyBytesMax?: number
}

export const timeoutMsDefault = 30_000
export const pendingMaxDefault = 131_072
export const pendingBytesMaxDefault: number = 64 * 1024 * 1024
export const replyBytesMaxDefault: number = 128 * 1024 * 1024

export interface CreateOptions extends NodeOptions, CallOptions {
  /**
   * Create the ephemeral node again when a new session takes the place of a lost one (`onExpired`), with the value that
   * this client wrote last. Not for sequential nodes, whose path would be another.
   */
  readonly keep?: boolean
  /** Create the nodes above that are missing, too: persistent, without data, with the same ACL. */
  readonly createParents?: boolean
  /**
   * Put an identity before the name (`_c_<uuid>-`, as Curator does), by which the node is found again when the connection
   * is lost before the answer comes. The call then resolves instead of being rejected with `applied: 'unknown'`. A node
   * that others delete before it is found is created a second time.
   */
  readonly protected?: boolean
}

export interface ReadOptions extends CallOptions {
  /**
   * - `local` (the default): what the server of the connection has. Never older than anything this client was told, but
   *   maybe than what others have seen.
   * - `linearizable`: all that was acknowledged to anybody before the call. Servers of ours ask a quorum, and write
   *   nothing for it; on Apache's the read goes behind a `sync`, which a leader that was replaced and does not know it
   *   yet may answer, so that it is linearizable as long as no leader is cut off.
   */
  readonly read?: ReadLevel
}

export type ReadLevel = 'local' | 'linearizable'

export interface WatchOptions extends ReadOptions {
  /**
   * Tell the next change of what is read: `true` tells the listeners of 'change', a function is told as well. Set on the
   * server with the read itself, so no change is missed between the two.
   */
  readonly watch?: boolean | ChangeListener
}

export type SetOptions = VersionOptions & CallOptions

export interface DeleteOptions extends SetOptions {
  /** Delete what is below the node first. Not atomic beyond `batchSize` nodes. */
  readonly recursive?: boolean
  /** How many nodes one transaction of a recursive delete may hold. Default 1000. */
  readonly batchSize?: number
}

export interface AddWatchOptions extends CallOptions {
  /** Everything below the path, too. */
  readonly recursive?: boolean
  readonly listener?: ChangeListener
}

export interface WatchStreamOptions {
  /** Everything below the path, too. */
  readonly recursive?: boolean
  /** Ends the stream with `Aborted`, and takes the watch away. */
  readonly signal?: AbortSignalLike
}

export interface RemoveWatchesOptions extends CallOptions {
  /** Default 'any'. Servers before 3.9 know no 'persistent' and 'persistentRecursive'. */
  readonly type?: 'any' | 'children' | 'data' | 'persistent' | 'persistentRecursive'
}

export interface ReconfigOptions extends CallOptions {
  /** Servers to add or change: `id=host:port:port:role;clientPort`, separated by commas. */
  readonly joining?: string
  /** Ids of servers to remove, separated by commas. */
  readonly leaving?: string
  /** The whole new membership instead. */
  readonly members?: string
  /** The version that the present configuration must have. */
  readonly version?: number
}
