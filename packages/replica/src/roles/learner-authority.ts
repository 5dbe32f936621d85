/**
 * Following or observing: the leader decides. Writes are handed to it in the order in which they came and answered when their
 * transactions are delivered here; sessions are its affair too, and it is told which ones were heard of.
 *
 * 1. For every request that was forwarded a transaction with its session and cxid is delivered, in the order of forwarding: the
 *    first that waits is looked at only.
 * 2. What the leader could not read is never forwarded: an Apache leader may answer it never.
 */
import type { ForwardedRequest, LearnerHost, LearnerTerm, Proposal } from '@quorate/consensus'
import {
  encode,
  ErrorCode,
  type JuteReader,
  makeZxid,
  OpCode,
  pathRecord,
  pathVersionRequest,
  readInt32,
  reconfigRequest,
  type SessionId,
  txnSession,
  txnType,
  writeInt32,
  type Zxid,
} from '@quorate/protocol'
import { RequestCheck, type Tree } from '@quorate/tree'
import type { ClientConnection } from '../client-connection.ts'
import { LocalSessions } from '../local-sessions.ts'
import { Queue } from '../queue.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import type { SessionIds } from '../session-ids.ts'
import { Session } from '../session-tracker.ts'
import { replyWithResult } from '../txn-reply.ts'
import { endedFenceCxid, fenceCxid, type OrderedRequest } from '../write.ts'
import type { Authority, AuthorityHost } from './authority.ts'
import { Revalidations } from './revalidations.ts'
import { isWrite } from './write-types.ts'

/** A forwarded request that waits for its transaction. */
interface Forwarded {
  /** Who waits, of the connections. */
  readonly connection: ClientConnection | undefined
  readonly session: Session
  readonly cxid: number
  /**
   * Its transaction has just been applied.
   * @param isError whether it is an error
   */
  readonly delivered: (zxid: Zxid, isError: boolean) => void
}

export interface LearnerParts {
  readonly host: AuthorityHost
  readonly order: ReplyOrder
  readonly tree: Tree
  readonly options: ReplicaOptions
  readonly sessionIds: SessionIds
  readonly term: LearnerTerm
}

const noBytes = new Uint8Array(0)

export class LearnerAuthority implements Authority, LearnerHost {
  readonly isReadOnly = false
  readonly canWritesPassBarriers = true
  readonly #host: AuthorityHost
  readonly #order: ReplyOrder
  readonly #tree: Tree
  readonly #options: ReplicaOptions
  readonly #sessionIds: SessionIds
  readonly #term: LearnerTerm
  readonly #locals: LocalSessions
  readonly #revalidations: Revalidations
  readonly #check = new RequestCheck()
  readonly #forwarded = new Queue<Forwarded>()
  /** What to do when the leader answers the next sync. */
  readonly #syncs = new Queue<() => void>()
  /** Sessions that were heard of since the leader was last told. */
  readonly #touched = new Set<Session>()

  constructor(parts: LearnerParts) {
    const { host, tree, options } = parts
    this.#host = host
    this.#order = parts.order
    this.#tree = tree
    this.#options = options
    this.#sessionIds = parts.sessionIds
    this.#term = parts.term
    this.#locals = new LocalSessions(host, options.tickTimeMs)
    this.#revalidations = new Revalidations()
  }

  get epochZxid(): Zxid {
    return makeZxid(this.#term.epoch, 0)
  }

  get inFlightCount(): number {
    return this.#forwarded.length + this.#syncs.length
  }

  get isTurnEndNeeded(): boolean {
    return this.inFlightCount > 0 || this.#revalidations.count > 0
  }

  get sessionCount(): number {
    return this.#tree.timeoutMsBySession.size + this.#locals.count
  }

  get sessionsByExpiryMs(): undefined {
    return undefined
  }

  get localSessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> | undefined {
    return this.#options.localSessionsEnabled ? this.#locals.sessionsByExpiryMs : undefined
  }

  takes(type: number): boolean {
    return isWrite(type)
  }

  createSession(connection: ClientConnection, timeoutMs: number): void {
    const { timeoutMsBySession } = this.#tree
    const id = this.#sessionIds.next((it) => timeoutMsBySession.has(it) || this.#locals.has(it))
    if (this.#options.localSessionsEnabled) {
      this.#locals.create(connection, id, timeoutMs)
      return
    }
    const session = new Session(id, timeoutMs)
    this.#forwardCreateSession(session, () => {
      if (connection.isClosed) return
      this.touch(session)
      this.#host.welcome(connection, session)
    })
  }

  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.#locals.reattach(connection, id, timeoutMs)) return
    const before = this.#revalidations.add(id, { connection, timeoutMs })
    if (before !== undefined)
      this.#host.drop(before.connection, 'SESSION_MOVED', 'the session was asked for again')
    this.#term.revalidate(id, timeoutMs)
  }

  touch(session: Session): void {
    if (session.isLocal) this.#locals.touch(session)
    else this.#touched.add(session)
  }

  write(request: OrderedRequest, reader: JuteReader): void {
    const { type, session } = request
    const start = reader.position
    if (type === OpCode.sync) {
      const path = reader.readBuffer()?.slice() ?? null
      const body = reader.bytes.subarray(start, reader.position)
      this.#sync(request, body, () => this.#order.ready(request, () => this.#synced(request, path)))
    } else if (type === OpCode.closeSession) {
      if (session.isLocal) this.#closeLocal(request)
      else this.#forwardWrite(request, noBytes)
    } else {
      const isEphemeral = this.#read(type, reader)
      if (isEphemeral && session.isLocal && !this.#upgrade(session))
        this.fail(request, ErrorCode.EphemeralOnLocalSession)
      else this.#forwardWrite(request, reader.bytes.subarray(start, reader.end))
    }
  }

  fail(request: OrderedRequest, err: number): void {
    const { connection, xid } = request
    // Not before its turn: replies to earlier requests show what the leader has made of them.
    this.#order.ready(request, () => connection.reply(xid, this.#tree.lastZxid, err))
  }

  confirmRead(request: OrderedRequest, confirmed: (err: number) => void): void {
    if (this.#term.hasConfirmedSync) this.#sync(request, rootSync, () => confirmed(ErrorCode.Ok))
    else this.fence(request, confirmed)
  }

  /**
   * A write of this session, through this server, that fails on every leader, as the root can't be deleted by anybody. A leader, Apache's
   * too, decides about it with a quorum, behind all that it has taken of the session before; and it takes nothing of the session any
   * more that comes by another way, or this one would have failed with SessionMoved.
   */
  fence(request: OrderedRequest, fenced: (err: number) => void): void {
    const barrier = { ...request, xid: fenceCxid }
    this.#forward(barrier, OpCode.delete, rootDelete, () => {
      const { err, isMoved } = this.#tree.result
      if (isMoved) this.#dropMoved(request)
      fenced(err === ErrorCode.SessionExpired || isMoved ? err : ErrorCode.Ok)
    })
  }

  get fencesMoves(): boolean {
    return this.#term.fencesMoves
  }

  /**
   * The same write in the name of the session: a leader, Apache's too, that says that it has expired has ended it by an earlier
   * transaction, and takes nothing of it any more. One that lets servers have sessions of their own says something else where it can't
   * know. Another server may ask about the same session: what the leader says to it is as good.
   */
  fenceEnded(request: OrderedRequest, id: SessionId, fenced: (isOver: boolean) => void): void {
    const barrier = { ...request, session: new Session(id, 0), xid: endedFenceCxid }
    this.#forward(barrier, OpCode.delete, rootDelete, () =>
      fenced(this.#tree.result.err === ErrorCode.SessionExpired),
    )
  }

  deliver(proposal: Proposal): void {
    const { bytes, zxid } = proposal
    const type = txnType(bytes)
    const head = this.#forwarded.first
    const isOwn = head !== undefined && isTxnOf(bytes, head)
    if (isOwn) this.#forwarded.shift()
    this.#tree.apply(bytes, 0, bytes.length)
    this.#host.txnApplied(bytes.length)
    if (isOwn) head.delivered(zxid, type === OpCode.error)
    if (type === OpCode.closeSession) {
      const asker = isOwn ? head.connection : undefined
      this.#sessionClosed(txnSession(bytes), asker)
    }
  }

  syncAnswered(): void {
    this.#syncs.shift()?.()
    // There may be no delivery with it that would make the turn end.
    this.#host.requestTurnEnd()
  }

  revalidated(id: SessionId, isValid: boolean): void {
    const asked = this.#revalidations.take(id)
    if (asked === undefined || asked.connection.isClosed) return
    if (!isValid) {
      this.#host.refuse(asked.connection)
      return
    }
    const session = new Session(id, asked.timeoutMs)
    this.touch(session)
    this.#host.welcome(asked.connection, session)
  }

  takeTouches(touch: (session: SessionId, timeoutMs: number) => void): void {
    // What this server does not read now counts as heard of: a stall is not a death.
    for (const { session } of this.#host.connections())
      if (session !== undefined && !session.isLocal && this.#host.isKeptFromReading(session))
        this.#touched.add(session)
    for (const { id, timeoutMs } of this.#touched) touch(id, timeoutMs)
    this.#touched.clear()
  }

  ticked(): void {
    this.#locals.ticked()
  }

  turnEnded(): void {
    if (this.#locals.turnEnded()) this.#host.requestTurnEnd()
  }

  /** @returns whether the request creates an ephemeral node */
  #read(type: number, reader: JuteReader): boolean {
    if (type !== OpCode.reconfig) return this.#check.createsEphemeral(type, reader)
    reconfigRequest.decode(reader)
    return false
  }

  #forwardWrite(request: OrderedRequest, body: Uint8Array): void {
    this.#forward(request, request.type, body, (zxid, isError) => {
      const { result } = this.#tree
      if (result.isMoved) this.#dropMoved(request)
      if (request.type === OpCode.closeSession && !isError) this.#endSession(request)
      else {
        if (!request.connection.isClosed) replyWithResult(request, zxid, result)
        this.#order.end(request)
      }
    })
  }

  #forward(
    request: OrderedRequest,
    type: number,
    body: Uint8Array,
    delivered: Forwarded['delivered'],
  ): void {
    const { connection, session, xid: cxid } = request
    this.#forwarded.push({ connection, session, cxid, delivered })
    this.#term.forward(forwardedOf(request, type, body))
  }

  #forwardCreateSession(session: Session, delivered: () => void): void {
    const body = new Uint8Array(4)
    writeInt32(body, 0, session.timeoutMs)
    this.#forwarded.push({ connection: undefined, session, cxid: 0, delivered })
    const type = OpCode.createSession
    this.#term.forward({ session: session.id, cxid: 0, type, body, identities: [] })
  }

  #sync(request: OrderedRequest, body: Uint8Array, answered: () => void): void {
    this.#syncs.push(answered)
    this.#term.sync(forwardedOf(request, OpCode.sync, body))
  }

  #synced(request: OrderedRequest, path: Uint8Array | null): void {
    const { connection } = request
    connection.beginReply(request.xid, this.#tree.lastZxid, ErrorCode.Ok).writeBuffer(path)
    connection.endReply()
  }

  #closeLocal(request: OrderedRequest): void {
    this.#locals.remove(request.session)
    this.#endSession(request)
  }

  /** The last answer of a connection. */
  #endSession(request: OrderedRequest): void {
    const { connection } = request
    this.#order.ready(request, () => {
      connection.reply(request.xid, this.#tree.lastZxid, ErrorCode.Ok)
      connection.close()
    })
  }

  /** Makes a local session everybody's; false when that is not allowed. */
  #upgrade(session: Session): boolean {
    if (!this.#options.localSessionsUpgradingEnabled) return false
    this.#locals.remove(session)
    session.isLocal = false
    this.touch(session)
    this.#forwardCreateSession(session, () => {})
    return true
  }

  #dropMoved({ connection }: OrderedRequest): void {
    this.#host.drop(connection, 'SESSION_MOVED', 'a write came after its session had moved')
  }

  /** The leader has ended a session; when its client asked for that here, the answer comes before the close. */
  #sessionClosed(id: SessionId, asker: ClientConnection | undefined): void {
    const connection = this.#host.connectionOf(id)
    if (connection === undefined) return
    if (connection.session !== undefined) this.#touched.delete(connection.session)
    if (connection !== asker) connection.close()
  }
}

function forwardedOf(request: OrderedRequest, type: number, body: Uint8Array): ForwardedRequest {
  const { session, xid, identities } = request
  return { session: session.id, cxid: xid, type, body, identities }
}

/** Whether a transaction's header has the session and cxid of what was forwarded. */
function isTxnOf(txn: Uint8Array, { session, cxid }: Forwarded): boolean {
  return (
    readInt32(txn, 8) === cxid &&
    readInt32(txn, 4) === session.idLow &&
    readInt32(txn, 0) === session.idHigh
  )
}

const rootSync = encode(pathRecord, { path: '/' })
const rootDelete = encode(pathVersionRequest, { path: '/', version: -1 })
