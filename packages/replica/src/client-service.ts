/**
 * What a server does for its clients, whatever its role: connections, sessions' first frames, reads, watches, counters. What its
 * role decides is its {@link Authority}'s. One service lives as long as a term; the next term has a new one, with no
 * connections.
 *
 * 1. The clock is advanced before every event, so that one event has one time.
 * 2. Replies are gathered and leave once per chunk of input, per delivery and per turn, not one by one.
 * 3. Input that waited for a delivery is taken behind it, never within it.
 */
import { OpCode, Perms, type Platform, type SessionId, type Zxid } from '@quorate/protocol'
import { type Identity, isAllowed, type Tree } from '@quorate/tree'
import { ClientConnection, type ConnectionHost } from './client-connection.ts'
import { ConnectHandler } from './connect-handler.ts'
import type { ClientLink, ReplicaReport } from './driver-port.ts'
import type { ServerView, SessionsView, WatchesView } from './inspection.ts'
import { OutcomeHandler } from './outcome-handler.ts'
import { ReadHandler } from './read-handler.ts'
import type { ReplicaOptions } from './replica-options.ts'
import { ReplicaStats } from './replica-stats.ts'
import { ReplyBuffers } from './reply-buffers.ts'
import { ReplyOrder } from './reply-order.ts'
import { RequestRouter, type RouterHost } from './request-router.ts'
import { RequestThrottle } from './request-throttle.ts'
import type { Authority, AuthorityHost } from './roles/authority.ts'
import type { Session } from './session-tracker.ts'
import type { OrderedRequest } from './write.ts'

/** What a service asks of the composition that it is part of. */
export interface ServicePorts {
  /** Call `turnEnded` once when all input that is there has been handled. */
  requestTurnEnd(): void
  /** One more transaction of this length has been applied. */
  txnApplied(lengthBytes: number): void
  report(report: ReplicaReport): void
}

/** What outlives a service: the next one goes on with it. */
export interface ServiceMemory {
  readonly stats: ReplicaStats
  readonly buffers: ReplyBuffers
}

export function serviceMemory(): ServiceMemory {
  return { stats: new ReplicaStats(), buffers: new ReplyBuffers() }
}

export interface ServiceParts<A extends Authority> {
  readonly options: ReplicaOptions
  readonly tree: Tree
  readonly ports: ServicePorts
  readonly memory: ServiceMemory
  /** Monotonic and since 1970, ms. */
  readonly now: { readonly monotonicMs: number; readonly wallMs: number }
  readonly authority: (host: AuthorityHost, order: ReplyOrder) => A
}

export class ClientService<A extends Authority = Authority>
  implements ConnectionHost, RouterHost, AuthorityHost
{
  readonly buffers: ReplyBuffers
  readonly authority: A
  nowMs: number
  wallMs: number
  readonly #options: ReplicaOptions
  readonly #tree: Tree
  readonly #ports: ServicePorts
  readonly #stats: ReplicaStats
  readonly #order: ReplyOrder
  readonly #router: RequestRouter
  readonly #throttle: RequestThrottle
  readonly #connecting: ConnectHandler
  readonly #connections = new Set<ClientConnection>()
  readonly #connectionsBySession = new Map<SessionId, ClientConnection>()
  /** Connections with output that no one has flushed yet. */
  #dirty: ClientConnection[] = []
  /** Connections whose input may go on. */
  #resumable: ClientConnection[] = []

  constructor(parts: ServiceParts<A>) {
    const { options, tree } = parts
    this.#options = options
    this.#tree = tree
    this.#ports = parts.ports
    this.#stats = parts.memory.stats
    this.buffers = parts.memory.buffers
    this.nowMs = parts.now.monotonicMs
    this.wallMs = parts.now.wallMs
    this.#order = new ReplyOrder((request) => this.#writeAnswered(request))
    this.authority = parts.authority(this, this.#order)
    this.#router = new RequestRouter({
      host: this,
      reads: new ReadHandler(tree, options),
      outcomes: new OutcomeHandler({ tree, authority: this.authority, order: this.#order }),
      authority: this.authority,
      order: this.#order,
      options,
    })
    this.#throttle = new RequestThrottle(
      options,
      { authority: this.authority, router: this.#router, order: this.#order },
      (connection) => this.#readOn(connection),
    )
    this.#connecting = new ConnectHandler(tree, options)
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

  /** How often connections were stopped as too many requests were under way, and requests refused as they had waited too long. */
  get throttleCounts(): { readonly waits: number; readonly refusals: number } {
    return { waits: this.#throttle.waitCount, refusals: this.#router.throttledCount }
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

  /** Whether the connection is one of this service, and its end has not been told yet. */
  has(connection: ClientConnection): boolean {
    return this.#connections.has(connection)
  }

  /** The peer sent `bytes[start, end)`, which the caller may use again afterwards. */
  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    connection.receivedAtMs = this.nowMs
    // What was on its way when the reading was stopped may not pass the write that waits.
    if (connection.parkedWrite === undefined) this.#takeInput(connection, bytes, start, end)
    else connection.splitter.keep(bytes, start, end)
  }

  disconnected(connection: ClientConnection): void {
    this.#forget(connection)
    // What it had waiting counts no more, and no delivery may come to tell the others.
    this.#throttle.release()
    this.#flushAll()
  }

  /** The peer has taken everything that was queued for it. */
  drained(connection: ClientConnection): void {
    if (!connection.isBacklogged) return
    connection.isBacklogged = false
    this.#router.resume(connection)
    this.#considerParked(connection)
    this.#finishInput(connection)
    this.#resumeReading(connection)
    // What waited has been answered: others may have been waiting for that.
    this.#throttle.release()
    this.#flushAll()
  }

  /** Some deliveries are over: their replies leave, and input that waited for them is taken. */
  deliveriesEnded(): void {
    this.#resumeInput()
    this.#throttle.release()
    this.#flushAll()
  }

  turnEnded(): void {
    this.deliveriesEnded()
    this.authority.turnEnded()
  }

  ticked(): void {
    this.authority.ticked()
    this.requestTurnEndIfNeeded()
  }

  /** The term is over: everybody is cut off, and nobody hears of this service any more. */
  stop(): void {
    for (const connection of Array.from(this.#connections)) {
      connection.close()
      this.#forget(connection)
    }
  }

  requestTurnEndIfNeeded(): void {
    if (this.authority.isTurnEndNeeded || this.#dirty.length > 0) this.#ports.requestTurnEnd()
  }

  connections(): Iterable<ClientConnection> {
    return this.#connections
  }

  view(): ServerView {
    return this.#stats.view(this.#tree, {
      outstandingCount: [...this.#connections].reduce((sum, it) => sum + it.outstandingCount, 0),
      sessionCount: this.authority.sessionCount,
    })
  }

  sessionsView(): SessionsView {
    return this.#stats.sessionsView(this.#tree, this.authority)
  }

  watchesView(): WatchesView {
    return this.#stats.watchesView(this.#tree.watches, this.#options.platform)
  }

  // What connections, router and authority ask for.

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

  requestAnswered(
    connection: ClientConnection,
    request: { readonly type: number; readonly xid: number; readonly receivedAtMs: number },
  ): void {
    this.#stats.recordAnswer(connection, request, this)
  }

  drop(connection: ClientConnection, code: string, message: string): void {
    if (connection.isClosed) return
    this.#ports.report({
      level: 'warn',
      code,
      message: `${message}; the connection is closed`,
      fields: connection.logFields,
    })
    connection.close()
  }

  connectionOf(id: SessionId): ClientConnection | undefined {
    return this.#connectionsBySession.get(id)
  }

  isKeptFromReading(session: Session): boolean {
    const connection = this.#connectionsBySession.get(session.id)
    if (connection === undefined || connection.isBacklogged) return false
    return connection.isThrottled || connection.parkedWrite !== undefined
  }

  requestTurnEnd(): void {
    this.#ports.requestTurnEnd()
  }

  txnApplied(lengthBytes: number): void {
    this.#stats.counters.commit_count++
    this.#ports.txnApplied(lengthBytes)
  }

  sessionExpired(): void {
    this.#stats.counters.stale_sessions_expired++
  }

  report(report: ReplicaReport): void {
    this.#ports.report(report)
  }

  welcome(connection: ClientConnection, session: Session): void {
    connection.session = session
    this.#connectionsBySession.set(session.id, connection)
    this.#connecting.writeResponse(connection, session, this.authority.isReadOnly)
    connection.sentCount++
    const request = { type: OpCode.createSession, xid: 0, receivedAtMs: this.nowMs }
    this.#stats.recordAnswer(connection, request, this)
    if (connection.isConnecting) this.#endConnecting(connection)
  }

  refuse(connection: ClientConnection): void {
    if (connection.isClosed) return
    const session = { id: 0n as SessionId, timeoutMs: 0 }
    this.#connecting.writeResponse(connection, session, this.authority.isReadOnly)
    const reason = 'the session is unknown or over, or its password is wrong'
    this.drop(connection, 'SESSION_REFUSED', reason)
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
    this.authority.touch(session)
    this.#router.route(connection, bytes, start, end)
    if (connection.isClosed || connection.isBacklogged) return false
    return !this.#isParked(connection) && !this.#throttle.stopsInput(connection)
  }

  #isParked(connection: ClientConnection): boolean {
    if (connection.parkedWrite === undefined) return false
    connection.link.pause()
    return true
  }

  #connect(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    const outcome = this.#connecting.decide(connection, bytes, { start, end }, this.authority)
    if (outcome.type === 'close') this.drop(connection, 'CONNECT_REFUSED', outcome.reason)
    else if (outcome.type === 'refuse') this.refuse(connection)
    else {
      if (outcome.type === 'create') this.authority.createSession(connection, outcome.timeoutMs)
      else {
        this.#stats.counters.connection_revalidate_count++
        // At once: what comes on it from here on could be carried out after the client has its session on the new connection.
        const before = this.#connectionsBySession.get(outcome.sessionId)
        if (before !== undefined)
          this.drop(before, 'SESSION_MOVED', 'the session has come back on another connection')
        this.authority.reattach(connection, outcome.sessionId, outcome.timeoutMs)
      }
      if (connection.session !== undefined || connection.isClosed) return
      connection.isConnecting = true
      connection.link.pause()
    }
  }

  /** The client has its session: what it sent meanwhile is taken when the turn or the deliveries end. */
  #endConnecting(connection: ClientConnection): void {
    connection.isConnecting = false
    this.#resumable.push(connection)
    this.#ports.requestTurnEnd()
  }

  #writeAnswered(request: OrderedRequest): void {
    const { connection, type } = request
    if (type === OpCode.sync || type === OpCode.linearizableRead) connection.barrierCount--
    this.#stats.recordAnswer(connection, request, this)
    if (connection.deferred.length > 0) this.#router.resume(connection)
    if (connection.isClosed) this.#router.forget(connection)
    else this.#considerParked(connection)
  }

  /** A parked write goes on when the barriers before it, and the reads behind these, have been answered. */
  #considerParked(connection: ClientConnection): void {
    if (!isUnparkable(connection)) return
    this.#resumable.push(connection)
    this.#ports.requestTurnEnd()
  }

  #resumeInput(): void {
    if (this.#resumable.length === 0) return
    const resumable = this.#resumable
    this.#resumable = []
    for (const connection of resumable) {
      const { parkedWrite } = connection
      if (connection.isClosed) continue
      if (parkedWrite !== undefined && isUnparkable(connection)) {
        connection.parkedWrite = undefined
        this.#router.route(connection, parkedWrite, 0, parkedWrite.length)
      }
      this.#resumeReading(connection)
    }
  }

  #readOn(connection: ClientConnection): void {
    // Its session could not be heard until now.
    if (connection.session !== undefined) this.authority.touch(connection.session)
    this.#resumeReading(connection)
  }

  /** After the input of one connection: its replies leave, and writes make the turn end. */
  #finishInput(connection: ClientConnection): void {
    connection.flush()
    if (this.#dirty.length === 1 && this.#dirty[0] === connection) this.#dirty.length = 0
    this.#boundOutput(connection)
    this.#throttle.inputEnded(connection)
    this.requestTurnEndIfNeeded()
  }

  #forget(connection: ClientConnection): void {
    connection.isClosed = true
    this.#connections.delete(connection)
    this.#throttle.forget(connection)
    this.#tree.watches.removeAllOf(connection)
    this.#router.forget(connection)
    this.#order.forget(connection)
    const { session } = connection
    if (session !== undefined && this.#connectionsBySession.get(session.id) === connection)
      this.#connectionsBySession.delete(session.id)
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
}

function isUnparkable(connection: ClientConnection): boolean {
  const { parkedWrite, barrierCount, isBacklogged } = connection
  return parkedWrite !== undefined && barrierCount === 0 && !isBacklogged
}

const noBytes = new Uint8Array(0)
