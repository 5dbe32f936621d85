/** What a replica counts, and how it shows it. */
import type { Platform, SessionId, Zxid } from '@quorate/protocol'
import type { Tree, Watcher, WatchTable } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ServerView, SessionIdsByExpiry, SessionsView, WatchesView } from './inspection.ts'
import { Latency } from './latency.ts'
import type { Authority } from './roles/authority.ts'
import type { Session } from './session-tracker.ts'

export class ReplicaStats {
  readonly latency: Latency = new Latency()
  receivedCount = 0
  sentCount = 0
  /** −1 before the first reply, as Apache shows it. */
  #lastReplyBytes = -1
  #minReplyBytes = -1
  #maxReplyBytes = -1
  /** By the names of Apache's metrics. */
  readonly counters = {
    commit_count: 0,
    connection_revalidate_count: 0,
    stale_sessions_expired: 0,
    watch_bytes: 0,
  }

  recordAnswer(
    connection: ClientConnection,
    request: { readonly type: number; readonly xid: number; readonly receivedAtMs: number },
    now: { readonly nowMs: number; readonly lastZxid: Zxid },
  ): void {
    const latencyMs = now.nowMs - request.receivedAtMs
    this.sentCount++
    this.latency.record(latencyMs)
    connection.latency.record(latencyMs)
    connection.lastLatencyMs = latencyMs
    connection.lastResponseAtMs = now.nowMs
    connection.lastOperation = request.type
    connection.lastZxid = now.lastZxid
    if (request.xid >= 0) connection.lastCxid = request.xid
  }

  /** Sizes of replies, without the frame's length. */
  recordReplyBytes(length: number): void {
    this.#lastReplyBytes = length
    if (length > this.#maxReplyBytes) this.#maxReplyBytes = length
    if (length < this.#minReplyBytes || this.#minReplyBytes === -1) this.#minReplyBytes = length
  }

  reset(): void {
    this.latency.reset()
    this.receivedCount = 0
    this.sentCount = 0
    this.#lastReplyBytes = -1
    this.#minReplyBytes = -1
    this.#maxReplyBytes = -1
  }

  view(
    tree: Tree,
    present: { readonly outstandingCount: number; readonly sessionCount: number },
  ): ServerView {
    return {
      latency: this.latency,
      receivedCount: this.receivedCount,
      sentCount: this.sentCount,
      outstandingCount: present.outstandingCount,
      lastZxid: tree.lastZxid,
      // Apache's table has the root twice, as "" and as "/".
      nodeCount: tree.nodes.count + 1,
      approximateDataSize: tree.nodes.contentBytes,
      ephemeralCount: tree.ephemeralCount,
      watchCount: tree.watches.watchCount,
      sessionCount: present.sessionCount,
      lastReplyBytes: this.#lastReplyBytes,
      minReplyBytes: this.#minReplyBytes,
      maxReplyBytes: this.#maxReplyBytes,
    }
  }

  sessionsView(
    { nodes, ephemeralsBySession, timeoutMsBySession }: Tree,
    known: Pick<Authority, 'sessionsByExpiryMs' | 'localSessionsByExpiryMs'>,
  ): SessionsView {
    const { sessionsByExpiryMs: global, localSessionsByExpiryMs: local } = known
    return {
      sessionIdsByExpiryMs: global && idsByExpiry(global),
      localSessionIdsByExpiryMs: local && idsByExpiry(local),
      timeoutMsBySessionId: new Map(timeoutMsBySession),
      ephemeralPathsBySessionId: new Map(
        [...ephemeralsBySession].map(([id, found]) => [
          id,
          [...found].map((node) => nodes.pathText(node)),
        ]),
      ),
    }
  }

  watchesView(watches: WatchTable, platform: Platform): WatchesView {
    const text = (path: Uint8Array): string => platform.utf8Decode(path, 0, path.length)
    const pathsBySessionId = new Map<SessionId, readonly string[]>()
    for (const [watcher, paths] of watches.dataPathsByWatcher())
      pathsBySessionId.set(sessionIdOf(watcher), paths.map(text))
    const sessionIdsByPath = new Map<string, readonly SessionId[]>()
    for (const [path, watchers] of watches.dataWatchersByPath())
      sessionIdsByPath.set(text(path), watchers.map(sessionIdOf))
    return { ...watches.dataWatchCounts(), pathsBySessionId, sessionIdsByPath }
  }
}

function idsByExpiry(sessions: ReadonlyMap<number, ReadonlySet<Session>>): SessionIdsByExpiry {
  return new Map([...sessions].map(([at, bucket]) => [at, Array.from(bucket, ({ id }) => id)]))
}

/** All watchers of a replica's tree are its connections. */
function sessionIdOf(watcher: Watcher): SessionId {
  return (watcher as ClientConnection).sessionId
}
