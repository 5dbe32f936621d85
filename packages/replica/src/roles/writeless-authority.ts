/**
 * What servers have in common that can propose nothing: one that is cut off from any quorum, and one alone whose log takes nothing.
 * New sessions are the server's own and end when it can write again. Nothing changes the tree meanwhile.
 */
import { ErrorCode, type JuteReader, type SessionId } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from '../client-connection.ts'
import { LocalSessions } from '../local-sessions.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import type { SessionIds } from '../session-ids.ts'
import type { Session } from '../session-tracker.ts'
import type { OrderedRequest } from '../write.ts'
import type { Authority, AuthorityHost } from './authority.ts'

export interface WritelessAuthorityParts {
  readonly host: AuthorityHost
  readonly order: ReplyOrder
  readonly tree: Tree
  readonly options: ReplicaOptions
  readonly sessionIds: SessionIds
}

export abstract class WritelessAuthority implements Authority {
  abstract readonly isReadOnly: boolean
  readonly canWritesPassBarriers = false
  readonly fencesMoves = true
  readonly epochZxid = 0
  readonly inFlightCount = 0
  readonly isTurnEndNeeded = false
  /** Sessions that transactions tell of do not expire: their end could not be logged. */
  readonly sessionsByExpiryMs = undefined
  protected readonly host: AuthorityHost
  protected readonly order: ReplyOrder
  protected readonly tree: Tree
  protected readonly locals: LocalSessions
  readonly #sessionIds: SessionIds

  constructor({ host, order, tree, options, sessionIds }: WritelessAuthorityParts) {
    this.host = host
    this.order = order
    this.tree = tree
    this.locals = new LocalSessions(host, options.tickTimeMs)
    this.#sessionIds = sessionIds
  }

  get sessionCount(): number {
    return this.locals.count
  }

  get localSessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.locals.sessionsByExpiryMs
  }

  abstract takes(type: number): boolean

  createSession(connection: ClientConnection, timeoutMs: number): void {
    const { timeoutMsBySession } = this.tree
    const id = this.#sessionIds.next((it) => timeoutMsBySession.has(it) || this.locals.has(it))
    this.locals.create(connection, id, timeoutMs)
  }

  abstract reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void

  touch(session: Session): void {
    if (session.isLocal) this.locals.touch(session)
  }

  abstract write(request: OrderedRequest, reader: JuteReader): void

  fail(request: OrderedRequest, err: number): void {
    request.connection.beginReply(request.xid, this.tree.lastZxid, err)
    this.order.end(request)
  }

  abstract confirmRead(request: OrderedRequest, confirmed: (err: number) => void): void
  abstract fence(request: OrderedRequest, fenced: (err: number) => void): void
  abstract fenceEnded(
    request: OrderedRequest,
    session: SessionId,
    fenced: (isOver: boolean) => void,
  ): void

  deliver(): void {
    throw new Error('a server that can write nothing was handed a transaction')
  }

  ticked(): void {
    this.locals.ticked()
  }

  turnEnded(): void {
    if (this.locals.turnEnded()) this.host.requestTurnEnd()
  }

  /** A session that transactions tell of can't end now; without its client it expires when that can be logged. */
  protected closeSession(request: OrderedRequest): void {
    const { connection, session } = request
    if (session.isLocal) this.locals.remove(session)
    this.order.ready(request, () => {
      const err = session.isLocal ? ErrorCode.Ok : ErrorCode.NotReadOnly
      connection.reply(request.xid, this.tree.lastZxid, err)
      connection.close()
    })
  }
}
