/** The settings of a replica, as numbers and switches; where they come from (zoo.cfg, flags) is the driver's affair. */
import { juteMaxBufferDefault, type Platform, purePlatform } from '@quorate/protocol'

/** What a ConnectRequest asks for: a new session, or to go on with one. */
export type SessionAttempt = 'create' | 'reattach'

export interface ReplicaOptions {
  /** The top byte of session ids: myid, or 1 for a standalone server. */
  readonly serverId: number
  readonly tickTimeMs: number
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** Longest frame from a client, in bytes. */
  readonly juteMaxBuffer: number
  /** Writes under way from which on connections that have some are no longer read. */
  readonly globalOutstandingLimit: number
  /** Requests under way (writes, and what waits behind them) at which who has some is no longer read; 0: no such limit. */
  readonly requestThrottleMaxRequests: number
  /** A request that waited longer than this is refused with ThrottledOp and not carried out; 0: none is. */
  readonly throttledOpWaitMs: number
  /** Whether a client may have a session now; if not, its connection is closed without an answer. */
  readonly admitSession: (attempt: SessionAttempt) => boolean
  /** `user:base64(sha1)` of the super user, if there is one. */
  readonly superDigest: string | undefined
  readonly isDigestAuthEnabled: boolean
  readonly extendedTypesEnabled: boolean
  readonly enforceQuota: boolean
  readonly skipAcl: boolean
  readonly reconfigEnabled: boolean
  /** Whether new sessions are known to the server of their client only, until they are upgraded. */
  readonly localSessionsEnabled: boolean
  /** Whether a local session that creates an ephemeral node becomes a global one first; if not, the create is refused. */
  readonly localSessionsUpgradingEnabled: boolean
  /** Auth schemes of which a connection must have one before any other request; empty: none is asked for. */
  readonly enforceAuthSchemes: readonly string[]
  readonly digestEnabled: boolean
  /** Transactions after which a snapshot is taken (randomised between half and all of it). */
  readonly snapCount: number
  /** Log bytes after which a snapshot is taken (randomised likewise); 0 or less: never for size. */
  readonly snapSizeLimitBytes: number
  readonly containerCheckIntervalMs: number
  readonly containerMaxPerMinute: number
  /** 0: containers that were never used stay. */
  readonly containerMaxNeverUsedIntervalMs: number
  /** Reply bytes a peer may leave unread before its requests are no longer read. */
  readonly queuedReplyBytesMax: number
  /** Bytes (replies and watch events) a peer may leave unread before its connection is closed. */
  readonly queuedBytesMax: number
  readonly platform: Platform
  /** A number in [0, 1): the only randomness a replica uses. */
  readonly random: () => number
}

export const replicaDefaults: Omit<ReplicaOptions, 'random'> = {
  serverId: 1,
  tickTimeMs: 3_000,
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 60_000,
  juteMaxBuffer: juteMaxBufferDefault,
  globalOutstandingLimit: 1_000,
  requestThrottleMaxRequests: 0,
  throttledOpWaitMs: 0,
  admitSession: () => true,
  superDigest: undefined,
  isDigestAuthEnabled: true,
  extendedTypesEnabled: true,
  enforceQuota: false,
  skipAcl: false,
  reconfigEnabled: false,
  localSessionsEnabled: false,
  localSessionsUpgradingEnabled: false,
  enforceAuthSchemes: [],
  digestEnabled: true,
  snapCount: 100_000,
  snapSizeLimitBytes: 4_194_304 * 1_024,
  containerCheckIntervalMs: 60_000,
  containerMaxPerMinute: 10_000,
  containerMaxNeverUsedIntervalMs: 0,
  queuedReplyBytesMax: 4 * 1_048_576,
  queuedBytesMax: 64 * 1_048_576,
  platform: purePlatform,
}
