/**
 * Alone, and the log takes nothing: everybody is served reads, and what needs a transaction is refused. Nothing changes meanwhile, so
 * what is read here is what there is.
 *
 * 1. Sessions that transactions tell of go on, and none expires: its end could not be logged. All of them have their full time again
 *    when the server can write.
 * 2. New sessions are this server's own, and end when it can write again.
 *
 * Compatibility: an Apache server whose disk is full stops, and somebody has to start it again.
 */
import { ErrorCode, type JuteReader, OpCode, type SessionId } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from '../client-connection.ts'
import { LocalSessions } from '../local-sessions.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import type { SessionIds } from '../session-ids.ts'
import { Session } from '../session-tracker.ts'
import type { OrderedRequest } from '../write.ts'
import type { Authority, AuthorityHost } from './authority.ts'
import { isWrite } from './write-types.ts'

export class FullDiskAuthority implements Authority {
  /** It takes all clients: those too that want to write can read. */
  readonly isReadOnly = false
  readonly canWritesPassBarriers = false
  readonly epochZxid = 0
  readonly inFlightCount = 0
  readonly isTurnEndNeeded = false
  /** It lets none of them expire. */
  readonly sessionsByExpiryMs = undefined
  readonly #host: AuthorityHost
  readonly #order: ReplyOrder
  readonly #tree: Tree
  readonly #sessionIds: SessionIds
  readonly #sessions: ReadonlyMap<SessionId, Session>
  readonly #locals: LocalSessions

  constructor(parts: {
    readonly host: AuthorityHost
    readonly order: ReplyOrder
    readonly tree: Tree
    readonly options: ReplicaOptions
    readonly sessionIds: SessionIds
  }) {
    this.#host = parts.host
    this.#order = parts.order
    this.#tree = parts.tree
    this.#sessionIds = parts.sessionIds
    this.#sessions = new Map(
      Array.from(parts.tree.timeoutMsBySession, ([id, timeoutMs]) => [
        id,
        new Session(id, timeoutMs),
      ]),
    )
    this.#locals = new LocalSessions(parts.host, parts.options.tickTimeMs)
  }

  get sessionCount(): number {
    return this.#sessions.size + this.#locals.count
  }

  get localSessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.#locals.sessionsByExpiryMs
  }

  takes(type: number): boolean {
    return isWrite(type)
  }

  createSession(connection: ClientConnection, timeoutMs: number): void {
    const id = this.#sessionIds.next((it) => this.#sessions.has(it) || this.#locals.has(it))
    this.#locals.create(connection, id, timeoutMs)
  }

  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.#locals.reattach(connection, id, timeoutMs)) return
    const session = this.#sessions.get(id)
    if (session === undefined) return this.#host.refuse(connection)
    session.timeoutMs = timeoutMs
    this.#host.welcome(connection, session)
  }

  touch(session: Session): void {
    if (session.isLocal) this.#locals.touch(session)
  }

  write(request: OrderedRequest, reader: JuteReader): void {
    if (request.type === OpCode.sync) this.#sync(request, reader)
    else if (request.type === OpCode.closeSession) this.#closeSession(request)
    else this.fail(request, ErrorCode.NotReadOnly)
  }

  fail(request: OrderedRequest, err: number): void {
    request.connection.beginReply(request.xid, this.#tree.lastZxid, err)
    this.#order.end(request)
  }

  confirmRead(_request: OrderedRequest, confirmed: (err: number) => void): void {
    confirmed(ErrorCode.Ok)
  }

  /** What was not applied when the tree was read from disk never will be. */
  fence(_request: OrderedRequest, fenced: (err: number) => void): void {
    fenced(ErrorCode.Ok)
  }

  fenceEnded(_request: OrderedRequest, id: SessionId, fenced: (isOver: boolean) => void): void {
    fenced(!this.#sessions.has(id) && !this.#locals.has(id))
  }

  deliver(): void {
    throw new Error('a server whose log takes nothing was handed a transaction')
  }

  ticked(): void {
    this.#locals.ticked()
  }

  turnEnded(): void {
    if (this.#locals.turnEnded()) this.#host.requestTurnEnd()
  }

  #sync(request: OrderedRequest, reader: JuteReader): void {
    const path = reader.readBuffer()?.slice() ?? null
    this.#order.ready(request, () => {
      const { connection } = request
      connection.beginReply(request.xid, this.#tree.lastZxid, ErrorCode.Ok).writeBuffer(path)
      connection.endReply()
    })
  }

  /** A session that transactions tell of can't end now; without its client it expires when that can be logged. */
  #closeSession(request: OrderedRequest): void {
    const { connection, session } = request
    if (session.isLocal) this.#locals.remove(session)
    this.#order.ready(request, () => {
      const err = session.isLocal ? ErrorCode.Ok : ErrorCode.NotReadOnly
      connection.reply(request.xid, this.#tree.lastZxid, err)
      connection.close()
    })
  }
}
