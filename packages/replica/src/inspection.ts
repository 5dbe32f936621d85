/** What a replica shows of itself to four-letter words, metrics and logs. All of it is read-only and cheap to ask for. */
import type { SessionId, Zxid } from '@quorate/protocol'

/** One client connection, as `cons` lists it. Times are ms on the replica's monotonic clock. */
export interface ConnectionView {
  readonly remoteAddress: string
  readonly remotePort: number
  /** 0n before a session is established. */
  readonly sessionId: SessionId
  readonly sessionTimeoutMs: number
  readonly establishedAtMs: number
  /** Requests without their reply yet. */
  readonly outstandingCount: number
  readonly receivedCount: number
  readonly sentCount: number
  /** OpCode of the last request that was answered; undefined before the first. */
  readonly lastOperation: number | undefined
  readonly lastCxid: number
  readonly lastZxid: Zxid
  readonly lastResponseAtMs: number
  readonly lastLatencyMs: number
  readonly latency: LatencyView
  readonly isReading: boolean
  resetStats(): void
}

export interface LatencyView {
  readonly minMs: number
  readonly averageMs: number
  readonly maxMs: number
  readonly count: number
}

/** Counters of the whole server since its start or the last `srst`. */
export interface ServerView {
  readonly latency: LatencyView
  readonly receivedCount: number
  readonly sentCount: number
  readonly outstandingCount: number
  readonly lastZxid: Zxid
  /** As `Node count` shows it: the root counts twice, once as "" and once as "/". */
  readonly nodeCount: number
  /** Bytes of all paths and data. */
  readonly approximateDataSize: number
  readonly ephemeralCount: number
  readonly watchCount: number
  readonly sessionCount: number
  readonly lastReplyBytes: number
  readonly minReplyBytes: number
  readonly maxReplyBytes: number
}

/** Counters that only grow, by the name Apache's `mntr` gives them (without `zk_`). */
export type Counters = Readonly<Record<string, number>>

/** Session ids by the time (monotonic ms) of their expiry bucket. */
export type SessionIdsByExpiry = ReadonlyMap<number, readonly SessionId[]>

/** Sessions and the ephemerals of each, for `dump`. */
export interface SessionsView {
  /** The ensemble's; undefined: it is another server that lets them expire. */
  readonly sessionIdsByExpiryMs: SessionIdsByExpiry | undefined
  /** Those that only this server knows; undefined: it gives none. */
  readonly localSessionIdsByExpiryMs: SessionIdsByExpiry | undefined
  /** The ensemble's with their timeouts, on every server. */
  readonly timeoutMsBySessionId: ReadonlyMap<SessionId, number>
  readonly ephemeralPathsBySessionId: ReadonlyMap<SessionId, readonly string[]>
}

export interface WatchesView {
  readonly connectionCount: number
  readonly pathCount: number
  readonly watchCount: number
  /** Data watches only, as in Apache's `wchc` and `wchp`. */
  readonly pathsBySessionId: ReadonlyMap<SessionId, readonly string[]>
  readonly sessionIdsByPath: ReadonlyMap<string, readonly SessionId[]>
}
