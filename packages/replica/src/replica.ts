/**
 * One server, as a pure composition: client connections and sessions in front, the consensus engine in the middle, the tree
 * behind. It knows no socket, file or clock; the driver brings events and carries out what {@link ReplicaDriver} is asked.
 *
 * 1. The driver calls {@link Replica.advanceClock} before every event, so that one event has one time.
 * 2. Replies are gathered and leave once per chunk of input, per delivery and per turn, not one by one.
 */
import { type ConsensusEngine, StandaloneEngine } from '@quorate/consensus'
import {
  ErrorCode,
  formatSessionId,
  OpCode,
  Perms,
  type Platform,
  type SessionId,
  type Zxid,
} from '@quorate/protocol'
import { type Identity, isAllowed, type Tree } from '@quorate/tree'
import { ClientConnection, type ConnectionHost } from './client-connection.ts'
import { ConnectHandler } from './connect-handler.ts'
import type { ClientLink, ReplicaDriver } from './driver-port.ts'
import type { ServerView, SessionsView, WatchesView } from './inspection.ts'
import { NodeCleaner } from './node-cleaner.ts'
import { ReadHandler } from './read-handler.ts'
import type { ReplicaOptions } from './replica-options.ts'
import { ReplicaStats } from './replica-stats.ts'
import { ReplyBuffers } from './reply-buffers.ts'
import { RequestRouter, type RouterHost } from './request-router.ts'
import { RequestThrottle } from './request-throttle.ts'
import { SessionExpiry, type SessionExpiryHost } from './session-expiry.ts'
import { Session, SessionTracker } from './session-tracker.ts'
import { type Replayed, SnapshotSchedule } from './snapshot-schedule.ts'
import { type PipelineListener, WritePipeline } from './write-pipeline.ts'

export class Replica implements ConnectionHost, RouterHost, PipelineListener, SessionExpiryHost {
  readonly buffers: ReplyBuffers = new ReplyBuffers()
  nowMs: number
  wallMs: number
  readonly #options: ReplicaOptions
  readonly #driver: ReplicaDriver
  readonly #tree: Tree
  readonly #engine: ConsensusEngine
  readonly #sessions: SessionTracker
  readonly #expiry: SessionExpiry
  readonly #pipeline: WritePipeline
  readonly #router: RequestRouter
  readonly #throttle: RequestThrottle
  readonly #connecting: ConnectHandler
  readonly #cleaner: NodeCleaner
  readonly #snapshots: SnapshotSchedule
  readonly #stats = new ReplicaStats()
  readonly #connections = new Set<ClientConnection>()
  readonly #connectionsBySession = new Map<SessionId, ClientConnection>()
  /** Connections with output that no one has flushed yet. */
  #dirty: ClientConnection[] = []
  #isSnapshotDue = false
  #isTakingSnapshot = false
  #isStartingSync = false
  #isTurnEndRequested = false

  /**
   * @param tree as recovered from disk
   * @param start the time now (ms on the monotonic clock that `advanceClock` goes on with, and ms since 1970), and
   *   what recovery replayed
   */
  constructor(
    options: ReplicaOptions,
    driver: ReplicaDriver,
    tree: Tree,
    start: { readonly monotonicMs: number; readonly wallMs: number } & Partial<Replayed>,
  ) {
    this.#options = options
    this.#driver = driver
    this.#tree = tree
    this.nowMs = start.monotonicMs
    this.wallMs = start.wallMs
    this.#engine = new StandaloneEngine(tree.lastZxid, {
      append: (proposal) => driver.append(proposal.zxid, proposal.bytes),
      sync: (upTo) => driver.sync(upTo),
      deliver: (proposal) => this.#pipeline.deliver(proposal),
    })
    this.#pipeline = new WritePipeline({
      tree,
      engine: () => this.#engine,
      options,
      listener: this,
    })
    this.#router = new RequestRouter({
      host: this,
      reads: new ReadHandler(tree, options),
      pipeline: this.#pipeline,
      options,
    })
    this.#throttle = new RequestThrottle(
      options,
      { pipeline: this.#pipeline, router: this.#router },
      (connection) => this.#readOn(connection),
    )
    this.#sessions = new SessionTracker({
      serverId: options.serverId,
      tickMs: options.tickTimeMs,
      wallMs: start.wallMs,
    })
    this.#expiry = new SessionExpiry(this.#sessions, this)
    this.#connecting = new ConnectHandler(tree, this.#sessions, options)
    this.#cleaner = new NodeCleaner(tree, options)
    this.#snapshots = new SnapshotSchedule(options, start)
    this.#adoptSessions()
  }

  get platform(): Platform {
    return this.#options.platform
  }

  get juteMaxBuffer(): number {
    return this.#options.juteMaxBuffer
  }

  get lastZxid(): Zxid {
    return this.#tree.lastZxid
  }

  advanceClock(monotonicMs: number, wallMs: number): void {
    this.nowMs = monotonicMs
    this.wallMs = wallMs
  }

  connected(link: ClientLink): ClientConnection {
    const connection = new ClientConnection(link, this)
    this.#connections.add(connection)
    return connection
  }

  /** The peer sent `bytes[start, end)`, which the caller may use again afterwards. */
  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    connection.receivedAtMs = this.nowMs
    this.#takeInput(connection, bytes, start, end)
  }

  disconnected(connection: ClientConnection): void {
    connection.isClosed = true
    this.#connections.delete(connection)
    this.#throttle.forget(connection)
    this.#tree.watches.removeAllOf(connection)
    this.#router.forget(connection)
    const { session } = connection
    if (session !== undefined && this.#connectionsBySession.get(session.id) === connection)
      this.#connectionsBySession.delete(session.id)
    // What it had waiting counts no more, and no sync may come to tell the others.
    this.#throttle.release()
    this.#flushAll()
  }

  /** The peer has taken everything that was queued for it. */
  drained(connection: ClientConnection): void {
    if (!connection.isBacklogged) return
    connection.isBacklogged = false
    this.#router.resume(connection)
    this.#finishInput(connection)
    this.#resumeReading(connection)
    // What waited has been answered: others may have been waiting for that.
    this.#throttle.release()
    this.#flushAll()
  }

  synced(upTo: Zxid): void {
    this.#engine.synced(upTo)
    this.#throttle.release()
    this.#flushAll()
    this.#takeDueSnapshot()
    this.#startSync()
  }

  turnEnded(): void {
    this.#isTurnEndRequested = false
    this.#startSync()
    this.#flushAll()
    if (!this.#expiry.isUnfinished) return
    this.#expiry.run(this.nowMs)
    this.#requestTurnEndIfNeeded()
  }

  /** Some time has passed: expire sessions, clean containers and TTL nodes. Call it every half tick or so. */
  ticked(): void {
    this.#expiry.run(this.nowMs)
    for (const path of this.#cleaner.due(this.nowMs, this.wallMs))
      this.#pipeline.deleteContainer(path, this.wallMs)
    this.#requestTurnEndIfNeeded()
  }

  /** The snapshot that was asked for is on disk, or could not be written (the driver said why). */
  snapshotEnded(): void {
    this.#isTakingSnapshot = false
  }

  connections(): Iterable<ClientConnection> {
    return this.#connections
  }

  view(): ServerView {
    return this.#stats.view(this.#tree, {
      outstandingCount: [...this.#connections].reduce((sum, it) => sum + it.outstandingCount, 0),
      sessionCount: this.#sessions.count,
    })
  }

  sessionsView(): SessionsView {
    return this.#stats.sessionsView(this.#tree, this.#sessions)
  }

  watchesView(): WatchesView {
    return this.#stats.watchesView(this.#tree.watches, this.#options.platform)
  }

  /** Counters that only grow, by Apache's metric names. */
  counters(): Readonly<Record<string, number>> {
    const { queued, removed } = this.#pipeline.changeCounts
    return {
      ...this.#stats.counters,
      request_throttle_wait_count: this.#throttle.waitCount,
      throttled_ops: this.#router.throttledCount,
      outstanding_changes_queued: queued,
      outstanding_changes_removed: removed,
    }
  }

  /** `srst`: the server's latencies and counts start anew. */
  resetStats(): void {
    this.#stats.reset()
  }

  // What connections, router and pipeline ask for.

  outputAppeared(connection: ClientConnection): void {
    this.#dirty.push(connection)
  }

  mayRead(aclId: number, identities: readonly Identity[]): boolean {
    if (this.#options.skipAcl || (this.#tree.openPerms(aclId) & Perms.read) !== 0) return true
    return isAllowed(this.#tree.aclById(aclId), Perms.read, identities)
  }

  replyEnded(lengthBytes: number): void {
    this.#stats.recordReplyBytes(lengthBytes)
  }

  outputGrew(connection: ClientConnection): void {
    connection.flush()
    this.#boundOutput(connection)
  }

  eventSent(lengthBytes: number): void {
    this.#stats.counters.watch_bytes += lengthBytes
  }

  isKeptFromReading(session: Session): boolean {
    const connection = this.#connectionsBySession.get(session.id)
    return connection !== undefined && connection.isThrottled && !connection.isBacklogged
  }

  expire(session: Session): void {
    this.#driver.report({
      level: 'info',
      code: 'SESSION_EXPIRED',
      message: `the session ${formatSessionId(session.id)} was not heard of for its ${session.timeoutMs} ms and expires`,
      fields: { sessionId: formatSessionId(session.id), timeoutMs: session.timeoutMs },
    })
    this.#stats.counters.stale_sessions_expired++
    this.#sessions.setClosing(session)
    this.#pipeline.expireSession({ session, timeMs: this.wallMs })
  }

  requestAnswered(
    connection: ClientConnection,
    request: { readonly type: number; readonly xid: number; readonly receivedAtMs: number },
  ): void {
    this.#stats.recordAnswer(connection, request, this)
  }

  drop(connection: ClientConnection, code: string, message: string): void {
    if (connection.isClosed) return
    this.#driver.report({
      level: 'warn',
      code,
      message: `${message}; the connection is closed`,
      fields: connection.logFields,
    })
    connection.close()
  }

  writeAnswered(
    connection: ClientConnection,
    type: number,
    xid: number,
    receivedAtMs: number,
  ): void {
    connection.writesAnswered++
    this.#stats.recordAnswer(connection, { type, xid, receivedAtMs }, this)
    if (connection.deferred.length > 0) this.#router.resume(connection)
    if (connection.isClosed) this.#router.forget(connection)
  }

  sessionCreated(id: SessionId, connection: ClientConnection | undefined): void {
    const timeoutMs = this.#tree.timeoutMsBySession.get(id)!
    const session = this.#sessions.add(id, timeoutMs, this.nowMs)
    if (connection === undefined || connection.isClosed) return
    this.#attach(connection, session)
    this.#welcome(connection, session)
    connection.isConnecting = false
    this.#resumeReading(connection)
  }

  sessionClosed(id: SessionId, asker: ClientConnection | undefined, xid: number): void {
    this.#sessions.remove(id)
    const connection = this.#connectionsBySession.get(id)
    this.#connectionsBySession.delete(id)
    if (asker !== undefined && !asker.isClosed) {
      asker.reply(xid, this.#tree.lastZxid, ErrorCode.Ok)
      asker.close()
      this.#router.forget(asker)
    }
    if (connection !== undefined && connection !== asker) connection.close()
  }

  sessionClosing(session: Session): void {
    this.#sessions.setClosing(session)
  }

  txnApplied(lengthBytes: number): void {
    this.#stats.counters.commit_count++
    if (this.#snapshots.isDueAfter(lengthBytes)) this.#isSnapshotDue = true
  }

  /** The sessions that were alive when the server stopped have their full time again. */
  #adoptSessions(): void {
    const { timeoutMsBySession, ephemeralsBySession } = this.#tree
    for (const [id, timeoutMs] of timeoutMsBySession) this.#sessions.add(id, timeoutMs, this.nowMs)
    // Owners of ephemerals that no session table knows: their ephemerals go, as after Apache's load.
    for (const id of Array.from(ephemeralsBySession.keys())) {
      if (!timeoutMsBySession.has(id))
        this.#pipeline.expireSession({ session: new Session(id, 0), timeMs: this.wallMs })
    }
    this.#requestTurnEndIfNeeded()
  }

  #takeInput(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    const problem = connection.splitter.take(bytes, start, end, (frame, from, to) =>
      this.#frame(connection, frame, from, to),
    )
    if (problem !== undefined) this.drop(connection, 'FRAME_LENGTH', problem)
    this.#finishInput(connection)
  }

  #frame(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): boolean {
    if (connection.isClosed) return false
    connection.receivedCount++
    this.#stats.receivedCount++
    const { session } = connection
    if (session === undefined) {
      this.#connect(connection, bytes, start, end)
      return !connection.isConnecting
    }
    this.#sessions.touch(session, this.nowMs)
    this.#router.route(connection, bytes, start, end)
    return (
      !connection.isClosed && !connection.isBacklogged && !this.#throttle.stopsInput(connection)
    )
  }

  #connect(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    const outcome = this.#connecting.decide(connection, bytes, start, end)
    switch (outcome.type) {
      case 'create':
        connection.isConnecting = true
        connection.link.pause()
        this.#pipeline.createSession(
          { session: new Session(this.#sessions.nextId(), 0), timeMs: this.wallMs, connection },
          outcome.timeoutMs,
        )
        break
      case 'reattach':
        this.#reattach(connection, outcome.sessionId, outcome.timeoutMs)
        break
      case 'refuse':
        this.#connecting.writeResponse(connection, 0n as SessionId, 0)
        this.drop(
          connection,
          'SESSION_REFUSED',
          'the session is unknown or over, or its password is wrong',
        )
        break
      case 'close':
        this.drop(connection, 'CONNECT_REFUSED', outcome.reason)
        break
    }
  }

  #reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    const session = this.#sessions.get(id)!
    const before = this.#connectionsBySession.get(id)
    if (before !== undefined)
      this.drop(before, 'SESSION_MOVED', 'the session has come back on another connection')
    session.timeoutMs = timeoutMs
    this.#sessions.touch(session, this.nowMs)
    this.#attach(connection, session)
    this.#welcome(connection, session)
    this.#stats.counters.connection_revalidate_count++
  }

  #welcome(connection: ClientConnection, session: Session): void {
    this.#connecting.writeResponse(connection, session.id, session.timeoutMs)
    connection.sentCount++
    const request = { type: OpCode.createSession, xid: 0, receivedAtMs: this.nowMs }
    this.#stats.recordAnswer(connection, request, this)
  }

  #attach(connection: ClientConnection, session: Session): void {
    connection.session = session
    this.#connectionsBySession.set(session.id, connection)
  }

  #readOn(connection: ClientConnection): void {
    // Its session could not be heard until now.
    if (connection.session !== undefined) this.#sessions.touch(connection.session, this.nowMs)
    this.#resumeReading(connection)
  }

  /** After the input of one connection: its replies leave, and writes make the turn end. */
  #finishInput(connection: ClientConnection): void {
    connection.flush()
    if (this.#dirty.length === 1 && this.#dirty[0] === connection) this.#dirty.length = 0
    this.#boundOutput(connection)
    this.#throttle.inputEnded(connection)
    this.#requestTurnEndIfNeeded()
  }

  /** What was proposed meanwhile goes to disk. A disk that is done at once gets the next sync with the next turn, not deeper in the stack. */
  #startSync(): void {
    if (this.#isStartingSync) {
      this.#requestTurnEndIfNeeded()
      return
    }
    this.#isStartingSync = true
    this.#engine.turnEnded()
    this.#isStartingSync = false
  }

  #requestTurnEndIfNeeded(): void {
    const isNeeded =
      this.#pipeline.inFlightCount > 0 || this.#dirty.length > 0 || this.#expiry.isUnfinished
    if (!isNeeded || this.#isTurnEndRequested) return
    this.#isTurnEndRequested = true
    this.#driver.requestTurnEnd()
  }

  #flushAll(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    for (const connection of dirty) {
      connection.flush()
      this.#boundOutput(connection)
    }
  }

  /** A peer that does not read costs bounded memory: first its requests wait, then it is cut off. */
  #boundOutput(connection: ClientConnection): void {
    const { queuedBytes } = connection.link
    if (queuedBytes <= this.#options.queuedReplyBytesMax || connection.isClosed) return
    if (queuedBytes > this.#options.queuedBytesMax) {
      this.drop(
        connection,
        'PEER_DOES_NOT_READ',
        `${queuedBytes} bytes wait for the peer; ${this.#options.queuedBytesMax} are allowed`,
      )
    } else if (!connection.isBacklogged) {
      connection.isBacklogged = true
      connection.link.pause()
    }
  }

  #resumeReading(connection: ClientConnection): void {
    if (!connection.isReading || connection.isClosed) return
    // Frames that came in with the one that stopped the reading come first.
    if (connection.splitter.keptLength > 0) this.#takeInput(connection, noBytes, 0, 0)
    if (connection.isReading) connection.link.resume()
  }

  #takeDueSnapshot(): void {
    if (!this.#isSnapshotDue || this.#isTakingSnapshot) return
    this.#isSnapshotDue = false
    this.#isTakingSnapshot = true
    this.#snapshots.taken()
    this.#driver.takeSnapshot(this.#tree.openImage())
  }
}

const noBytes = new Uint8Array(0)
