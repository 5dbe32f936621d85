/**
 * Cut off from any quorum: reads only, for clients that put up with them (`readonlymode.enabled`). Sessions are this server's
 * own, and end when it finds a leader.
 *
 * Compatibility: Apache gives sessions in this mode only when localSessionsEnabled is set as well, and otherwise answers a
 * ConnectRequest with a reply header that no client expects. Here the one switch is enough.
 */
import { ErrorCode, type JuteReader, OpCode, type SessionId } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from '../client-connection.ts'
import { LocalSessions } from '../local-sessions.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import type { SessionIds } from '../session-ids.ts'
import type { Session } from '../session-tracker.ts'
import type { OrderedRequest } from '../write.ts'
import type { Authority, AuthorityHost } from './authority.ts'
import { isWrite } from './write-types.ts'

export class ReadOnlyAuthority implements Authority {
  readonly isReadOnly = true
  readonly canWritesPassBarriers = false
  readonly epochZxid = 0
  readonly inFlightCount = 0
  readonly isTurnEndNeeded = false
  readonly #host: AuthorityHost
  readonly #order: ReplyOrder
  readonly #tree: Tree
  readonly #sessionIds: SessionIds
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
    this.#locals = new LocalSessions(parts.host, parts.options.tickTimeMs)
  }

  get sessionCount(): number {
    return this.#locals.count
  }

  get sessionsByExpiryMs(): undefined {
    return undefined
  }

  get localSessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.#locals.sessionsByExpiryMs
  }

  takes(type: number): boolean {
    return isWrite(type) || type === OpCode.check || type === OpCode.deleteContainer
  }

  createSession(connection: ClientConnection, timeoutMs: number): void {
    const { timeoutMsBySession } = this.#tree
    const id = this.#sessionIds.next((it) => timeoutMsBySession.has(it) || this.#locals.has(it))
    this.#locals.create(connection, id, timeoutMs)
  }

  /** A session that everybody knows is no matter for a server that is alone: its client may find the others. */
  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.#locals.reattach(connection, id, timeoutMs)) return
    if (this.#tree.timeoutMsBySession.has(id)) {
      const reason = 'the server is read-only now and may not take over a session of the ensemble'
      this.#host.drop(connection, 'CONNECT_REFUSED', reason)
    } else this.#host.refuse(connection)
  }

  touch(session: Session): void {
    this.#locals.touch(session)
  }

  write(request: OrderedRequest, _reader: JuteReader): void {
    if (request.type === OpCode.closeSession) this.#closeSession(request)
    else this.fail(request, ErrorCode.NotReadOnly)
  }

  fail(request: OrderedRequest, err: number): void {
    request.connection.beginReply(request.xid, this.#tree.lastZxid, err)
    this.#order.end(request)
  }

  confirmRead(_request: OrderedRequest, confirmed: (err: number) => void): void {
    confirmed(ErrorCode.NotReadOnly)
  }

  fence(_request: OrderedRequest, fenced: (err: number) => void): void {
    fenced(ErrorCode.NotReadOnly)
  }

  /** Nobody can be asked. */
  fenceEnded(_request: OrderedRequest, _id: SessionId, fenced: (isOver: boolean) => void): void {
    fenced(false)
  }

  deliver(): void {
    throw new Error('a read-only server was handed a transaction; only a server in a term is')
  }

  ticked(): void {
    this.#locals.ticked()
  }

  turnEnded(): void {
    if (this.#locals.turnEnded()) this.#host.requestTurnEnd()
  }

  #closeSession(request: OrderedRequest): void {
    const { connection } = request
    this.#locals.remove(request.session)
    this.#order.ready(request, () => {
      connection.reply(request.xid, this.#tree.lastZxid, ErrorCode.Ok)
      connection.close()
    })
  }
}
