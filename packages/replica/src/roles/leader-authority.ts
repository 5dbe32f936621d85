/**
 * Leading, alone or with others: this server decides. It puts its own clients' writes and those that learners forward into one
 * order, and lets sessions expire.
 *
 * 1. Every request that a learner forwards becomes a transaction, be it an error: the learner waits for one.
 * 2. A session has one owner, the connection or the learner that it came to last; a write from elsewhere fails with
 *    SessionMoved.
 * 3. At the start of a term every session has its full time, and after a pause of this server every session that is heard of
 *    through learners.
 */
import type {
  ForwardedRequest,
  Learner,
  LeaderHost,
  LeaderTerm,
  Proposal,
} from '@quorate/consensus'
import {
  ErrorCode,
  formatSessionId,
  JuteError,
  JuteReader,
  makeZxid,
  OpCode,
  reconfigRequest,
  type SessionId,
  sessionIdHigh,
  sessionIdLow,
  sessionIdOf,
  type Zxid,
} from '@quorate/protocol'
import { type Identity, RequestCheck, type Tree } from '@quorate/tree'
import { ClientConnection } from '../client-connection.ts'
import { LocalSessions } from '../local-sessions.ts'
import { NodeCleaner } from '../node-cleaner.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import { SessionExpiry, type SessionExpiryHost } from '../session-expiry.ts'
import type { SessionIds } from '../session-ids.ts'
import { Session, type SessionHalves, SessionTracker } from '../session-tracker.ts'
import { endedFenceCxid, fenceCxid, type OrderedRequest, type Write } from '../write.ts'
import { type PipelineListener, WritePipeline } from '../write-pipeline.ts'
import type { Authority, AuthorityHost } from './authority.ts'
import { isWrite, isServerWrite } from './write-types.ts'

const noIdentities: readonly Identity[] = []
const noSession: SessionHalves = { idHigh: 0, idLow: 0 }

export interface LeaderParts {
  readonly host: AuthorityHost
  readonly order: ReplyOrder
  readonly tree: Tree
  readonly options: ReplicaOptions
  readonly sessionIds: SessionIds
  readonly term: LeaderTerm
  /** Whether nobody else has to confirm the leadership: that is then as old as what was delivered. */
  readonly isAlone: boolean
}

export class LeaderAuthority implements Authority, LeaderHost, PipelineListener, SessionExpiryHost {
  readonly isReadOnly = false
  readonly fencesMoves = true
  readonly canWritesPassBarriers: boolean
  readonly #host: AuthorityHost
  readonly #order: ReplyOrder
  readonly #tree: Tree
  readonly #options: ReplicaOptions
  readonly #sessionIds: SessionIds
  readonly #term: LeaderTerm
  readonly #sessions: SessionTracker
  readonly #expiry: SessionExpiry
  readonly #locals: LocalSessions
  readonly #cleaner: NodeCleaner
  readonly #pipeline: WritePipeline
  readonly #check = new RequestCheck()
  readonly #reader: JuteReader
  /** Who waits for a confirmation of the leadership. */
  #confirmationCount = 0
  #tickedAtMs: number

  constructor(parts: LeaderParts) {
    const { host, tree, options } = parts
    this.#host = host
    this.#order = parts.order
    this.#tree = tree
    this.#options = options
    this.#sessionIds = parts.sessionIds
    this.#term = parts.term
    this.canWritesPassBarriers = !parts.isAlone
    this.#tickedAtMs = host.nowMs
    this.#sessions = new SessionTracker(options.tickTimeMs)
    this.#expiry = new SessionExpiry(this.#sessions, this)
    this.#locals = new LocalSessions(host, options.tickTimeMs)
    this.#cleaner = new NodeCleaner(tree, options)
    this.#pipeline = new WritePipeline({
      tree,
      engine: parts.term,
      options,
      order: parts.order,
      listener: this,
    })
    this.#reader = new JuteReader(new Uint8Array(0), 0, 0, {
      platform: options.platform,
      lengthMax: 2 * options.juteMaxBuffer,
    })
    for (const [id, timeoutMs] of tree.timeoutMsBySession)
      this.#sessions.add(id, timeoutMs, host.nowMs)
  }

  get epochZxid(): Zxid {
    return makeZxid(this.#term.epoch, 0)
  }

  get inFlightCount(): number {
    return this.#pipeline.requestCount + this.#confirmationCount
  }

  get isTurnEndNeeded(): boolean {
    return this.#pipeline.inFlightCount > 0 || this.#expiry.isUnfinished
  }

  get sessionCount(): number {
    return this.#sessions.count + this.#locals.count
  }

  get sessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.#sessions.sessionsByExpiryMs
  }

  get localSessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> | undefined {
    return this.#options.localSessionsEnabled ? this.#locals.sessionsByExpiryMs : undefined
  }

  get changeCounts(): { readonly queued: number; readonly removed: number } {
    return this.#pipeline.changeCounts
  }

  /** Ends the owners of ephemerals that no session table knows: their ephemerals go, as after Apache's load. To be called once. */
  expireOrphans(): void {
    const { timeoutMsBySession, ephemeralsBySession } = this.#tree
    for (const id of Array.from(ephemeralsBySession.keys())) {
      if (!timeoutMsBySession.has(id))
        this.#pipeline.closeSession(this.#ownWrite(OpCode.closeSession, new Session(id, 0)))
    }
    if (this.isTurnEndNeeded) this.#host.requestTurnEnd()
  }

  // The service's clients.

  takes(type: number): boolean {
    return isWrite(type)
  }

  createSession(connection: ClientConnection, timeoutMs: number): void {
    const id = this.#sessionIds.next((it) => this.#isKnown(it))
    if (this.#options.localSessionsEnabled) this.#locals.create(connection, id, timeoutMs)
    else {
      const write = this.#ownWrite(OpCode.createSession, new Session(id, 0))
      this.#pipeline.createSession({ ...write, connecting: connection }, timeoutMs)
    }
  }

  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.#locals.reattach(connection, id, timeoutMs)) return
    const session = this.#sessions.get(id)
    if (session === undefined || session.isClosing) {
      this.#confirmRefusal(() => this.#host.refuse(connection))
      return
    }
    session.timeoutMs = timeoutMs
    session.owner = connection
    this.#sessions.touch(session, this.#host.nowMs)
    this.#host.welcome(connection, session)
  }

  touch(session: Session): void {
    if (session.isLocal) this.#locals.touch(session)
    else this.#sessions.touch(session, this.#host.nowMs)
  }

  write(request: OrderedRequest, reader: JuteReader): void {
    const { type, session } = request
    if (type === OpCode.sync) this.#sync(request, reader)
    else if (type === OpCode.reconfig)
      this.#reconfigure(request, session, request.connection, reader)
    else if (type === OpCode.closeSession) this.#closeSession(request)
    else {
      const err = session.isLocal
        ? this.#localError(request, reader)
        : this.#globalError(session, request.connection)
      if (err === ErrorCode.Ok) this.#pipeline.submit(request, reader)
      else this.#pipeline.submitError(request, err)
    }
  }

  fail(request: OrderedRequest, err: number): void {
    this.#pipeline.submitError(request, err)
  }

  confirmRead(_request: OrderedRequest, confirmed: (err: number) => void): void {
    this.#confirmationCount++
    this.#term.confirmLeadership(() => {
      this.#confirmationCount--
      confirmed(ErrorCode.Ok)
      // A learner's answer to a ping brings the confirmation, and nothing else that would make the turn end.
      this.#host.requestTurnEnd()
    })
  }

  /** A transaction of this server that changes nothing, behind all that it has proposed before, which a quorum takes. */
  fence(request: OrderedRequest, fenced: (err: number) => void): void {
    const { session, connection } = request
    const err = session.isLocal ? ErrorCode.Ok : this.#globalError(session, connection)
    if (err === ErrorCode.SessionMoved) this.sessionMoved(connection)
    if (err === ErrorCode.Ok) this.#pipeline.fence(this.#fenceOf(session), () => fenced(err))
    else fenced(err)
  }

  /** Of a session that is closing the closeSession has been proposed before. */
  fenceEnded(_request: OrderedRequest, id: SessionId, fenced: (isOver: boolean) => void): void {
    if (!this.#isOver(id)) return fenced(false)
    const write = this.#ownWrite(OpCode.delete, new Session(id, 0))
    this.#pipeline.fence({ ...write, xid: endedFenceCxid }, () => fenced(true))
  }

  ticked(): void {
    const { nowMs, wallMs } = this.#host
    this.#giveTimeAfterPause(nowMs)
    this.#expiry.run(nowMs)
    this.#locals.ticked()
    for (const path of this.#cleaner.due(nowMs, wallMs))
      this.#pipeline.deleteContainer(this.#ownWrite(OpCode.deleteContainer, noSession), path)
  }

  turnEnded(): void {
    this.#pipeline.turnEnded()
    if (this.#expiry.isUnfinished) this.#expiry.run(this.#host.nowMs)
    if (this.#locals.turnEnded() || this.#expiry.isUnfinished) this.#host.requestTurnEnd()
  }

  // The engine's term.

  deliver(proposal: Proposal): void {
    this.#pipeline.deliver(proposal)
  }

  requestForwarded(learner: Learner, request: ForwardedRequest): void {
    const { type } = request
    const known = this.#sessions.get(request.session)
    const write: Write = {
      type,
      session: known ?? new Session(request.session, 0),
      xid: request.cxid,
      timeMs: this.#host.wallMs,
      identities: request.identities,
    }
    const reader = this.#reader.reset(request.body, 0, request.body.length)
    try {
      if (type === OpCode.createSession) {
        const timeoutMs = reader.readInt()
        // A write of the session may follow before its creation is delivered.
        this.#sessions.add(request.session, timeoutMs, this.#host.nowMs).owner = learner
        this.#pipeline.createSession(write, timeoutMs)
      } else if (type === OpCode.closeSession) this.#closeSessionOf(learner, known, write)
      else if (type === OpCode.reconfig) this.#reconfigure(write, known, learner, reader)
      else this.#submitForwarded(learner, known, write)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#pipeline.submitError(write, ErrorCode.MarshallingError)
    }
    this.#host.requestTurnEnd()
  }

  syncAsked(learner: Learner): void {
    // Compatibility: an Apache leader answers a sync without asking whether it still leads, so that one that was replaced may
    // answer. Here a quorum confirms it first, and a read behind a sync is linearizable.
    this.#term.confirmLeadership(() => this.#term.answerSync(learner))
  }

  revalidationAsked(learner: Learner, id: SessionId, timeoutMs: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined || session.isClosing) {
      this.#confirmRefusal(() => this.#term.answerRevalidation(learner, id, false))
      return
    }
    session.timeoutMs = timeoutMs
    session.owner = learner
    this.#sessions.touch(session, this.#host.nowMs)
    this.#term.answerRevalidation(learner, id, true)
  }

  /**
   * Compatibility: an Apache leader refuses at once, also one that was replaced and does not know it yet, to whom the sessions of
   * its successor are unknown: their clients lose them while they live. Here a quorum confirms the leader first.
   */
  #confirmRefusal(refuse: () => void): void {
    this.#term.confirmLeadership(refuse)
  }

  sessionTouched(_learner: Learner, id: SessionId, timeoutMs: number): void {
    const session = this.#sessions.get(id)
    if (session === undefined || session.isClosing) return
    session.timeoutMs = timeoutMs
    this.#sessions.touch(session, this.#host.nowMs)
  }

  /** Its sessions have their time to come to another server. */
  learnerLeft(): void {}

  // What becomes of writes.

  sessionCreated(id: SessionId, connection: ClientConnection | undefined): void {
    const session = this.#sessions.add(id, this.#tree.timeoutMsBySession.get(id)!, this.#host.nowMs)
    if (connection === undefined || connection.isClosed) return
    session.owner = connection
    this.#host.welcome(connection, session)
  }

  sessionClosed(id: SessionId, request: OrderedRequest | undefined): void {
    this.#sessions.remove(id)
    const connection = this.#host.connectionOf(id)
    if (request !== undefined) this.#endSession(request)
    if (connection !== undefined && connection !== request?.connection) connection.close()
  }

  sessionMoved(connection: ClientConnection): void {
    this.#host.drop(connection, 'SESSION_MOVED', 'a write came after its session had moved')
  }

  txnApplied(lengthBytes: number): void {
    this.#host.txnApplied(lengthBytes)
  }

  isKeptFromReading(session: Session): boolean {
    return this.#host.isKeptFromReading(session)
  }

  expire(session: Session): void {
    this.#host.report({
      level: 'info',
      code: 'SESSION_EXPIRED',
      message: `the session ${formatSessionId(session.id)} was not heard of for its ${session.timeoutMs} ms and expires`,
      fields: { sessionId: formatSessionId(session.id), timeoutMs: session.timeoutMs },
    })
    this.#host.sessionExpired()
    this.#sessions.setClosing(session)
    this.#pipeline.closeSession(this.#ownWrite(OpCode.closeSession, session))
  }

  #sync(request: OrderedRequest, reader: JuteReader): void {
    const path = reader.readBuffer()?.slice() ?? null
    // Compatibility: as in syncAsked, for the leader's own clients.
    this.confirmRead(request, () => {
      this.#order.ready(request, () => {
        const { connection } = request
        connection.beginReply(request.xid, this.#tree.lastZxid, ErrorCode.Ok).writeBuffer(path)
        connection.endReply()
      })
    })
  }

  #closeSession(request: OrderedRequest): void {
    const { session, connection } = request
    if (session.isLocal) {
      this.#locals.remove(session)
      this.#endSession(request)
      return
    }
    if (this.#ownerError(session, connection) !== ErrorCode.Ok) {
      this.#pipeline.submitError(request, ErrorCode.SessionMoved)
      return
    }
    this.#pipeline.closeSession(request)
    this.#sessions.setClosing(session)
  }

  /** The last answer of a connection. */
  #endSession(request: OrderedRequest): void {
    const { connection } = request
    this.#order.ready(request, () => {
      connection.reply(request.xid, this.#tree.lastZxid, ErrorCode.Ok)
      connection.close()
    })
  }

  /** The checks' order is that of PrepRequestProcessor: the switch, the session, the change, the permission. */
  #reconfigure(
    write: Write,
    session: Session | undefined,
    owner: object,
    reader: JuteReader,
  ): void {
    const request = reconfigRequest.decode(reader)
    if (!this.#options.reconfigEnabled) {
      this.#pipeline.submitError(write, ErrorCode.ReconfigDisabled)
      return
    }
    let err: number = ErrorCode.Ok
    if (session === undefined) err = this.#foreignError(write)
    else if (!session.isLocal) err = this.#globalError(session, owner)
    if (err !== ErrorCode.Ok) this.#pipeline.submitError(write, err)
    else
      this.#pipeline.reconfigure(write, {
        joining: request.joiningServers ?? undefined,
        leaving: request.leavingServers ?? undefined,
        newMembers: request.newMembers ?? undefined,
        currentVersion: request.curConfigId,
      })
  }

  /**
   * Compatibility: an Apache leader closes a session whoever asks, a server that the client has left included. Here only the
   * server that the session came to last can.
   */
  #closeSessionOf(learner: Learner, session: Session | undefined, write: Write): void {
    if (session !== undefined && this.#ownerError(session, learner) !== ErrorCode.Ok)
      this.#pipeline.submitError(write, ErrorCode.SessionMoved)
    else {
      this.#pipeline.closeSession(write)
      if (session !== undefined) this.#sessions.setClosing(session)
    }
  }

  #submitForwarded(learner: Learner, session: Session | undefined, write: Write): void {
    let err: number = ErrorCode.Ok
    if (!isWrite(write.type) || isServerWrite(write.type)) err = ErrorCode.Unimplemented
    else if (session !== undefined) err = this.#globalError(session, learner)
    else err = this.#foreignError(write)
    if (err === ErrorCode.Ok) this.#pipeline.submit(write, this.#reader)
    else this.#pipeline.submitError(write, err)
  }

  /** What a session that everybody knows may not do now. */
  #globalError(session: Session, owner: object): number {
    return session.isClosing ? ErrorCode.SessionExpired : this.#ownerError(session, owner)
  }

  #ownerError(session: Session, owner: object): number {
    session.owner ??= owner
    return session.owner === owner ? ErrorCode.Ok : ErrorCode.SessionMoved
  }

  /** Whether nothing of the session is taken any more. */
  #isOver(id: SessionId): boolean {
    const known = this.#sessions.get(id)
    if (known !== undefined) return known.isClosing
    return !this.#mayBeLocal({ idHigh: sessionIdHigh(id), idLow: sessionIdLow(id) })
  }

  /** Whether a session that not everybody knows may live all the same: on this server, which knows, or on another. */
  #mayBeLocal({ idHigh, idLow }: SessionHalves): boolean {
    const { localSessionsEnabled, serverId } = this.#options
    if (!localSessionsEnabled) return false
    return idHigh >>> 24 !== (serverId & 0xff) || this.#locals.has(sessionIdOf(idHigh, idLow))
  }

  /**
   * Of a session that is not everybody's, through another server: it is over, or one server's own. Such a one may own nothing. (In the
   * name of one of this server's own its client asks through another server, when it takes the session for lost.)
   */
  #foreignError(write: Write): number {
    if (!this.#mayBeLocal(write.session)) return ErrorCode.SessionExpired
    if (write.type === OpCode.reconfig) return ErrorCode.Ok
    const reader = this.#reader
    const start = reader.position
    const isEphemeral = this.#check.createsEphemeral(write.type, reader)
    reader.position = start
    return isEphemeral ? ErrorCode.SessionExpired : ErrorCode.Ok
  }

  /** Of a session that only this server knows: what it is to own needs everybody to know it first. */
  #localError(request: OrderedRequest, reader: JuteReader): number {
    const { session } = request
    const start = reader.position
    const isEphemeral = this.#check.createsEphemeral(request.type, reader)
    reader.position = start
    if (!isEphemeral) return ErrorCode.Ok
    if (!this.#options.localSessionsUpgradingEnabled) return ErrorCode.EphemeralOnLocalSession
    this.#locals.remove(session)
    session.isLocal = false
    session.owner = request.connection
    this.#sessions.adopt(session, this.#host.nowMs)
    this.#pipeline.createSession(this.#ownWrite(OpCode.createSession, session), session.timeoutMs)
    return ErrorCode.Ok
  }

  #isKnown(id: SessionId): boolean {
    return this.#sessions.get(id) !== undefined || this.#locals.has(id)
  }

  #ownWrite(type: number, session: SessionHalves): Write {
    return { type, session, xid: 0, timeMs: this.#host.wallMs, identities: noIdentities }
  }

  #fenceOf(session: Session): Write {
    return { ...this.#ownWrite(OpCode.delete, session), xid: fenceCxid }
  }

  /** While this server stood still no learner was asked for the sessions it had heard of. */
  #giveTimeAfterPause(nowMs: number): void {
    const pausedMs = nowMs - this.#tickedAtMs
    this.#tickedAtMs = nowMs
    if (pausedMs <= this.#options.tickTimeMs) return
    for (const session of this.#sessions.all()) {
      const { owner } = session
      if (owner !== undefined && !(owner instanceof ClientConnection))
        this.#sessions.touch(session, nowMs)
    }
  }
}
