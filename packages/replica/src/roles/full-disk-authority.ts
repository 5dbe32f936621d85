/**
 * Alone, and the log takes nothing: everybody is served reads, and what needs a transaction is refused. Nothing changes meanwhile, so
 * what is read here is what there is.
 *
 * Sessions that transactions tell of go on, and none expires. All of them have their full time again when the server can write.
 *
 * Compatibility: an Apache server whose disk is full stops, and somebody has to start it again.
 */
import { ErrorCode, type JuteReader, OpCode, type SessionId } from '@quorate/protocol'
import type { ClientConnection } from '../client-connection.ts'
import { Session } from '../session-tracker.ts'
import type { OrderedRequest } from '../write.ts'
import { isWrite } from './write-types.ts'
import { WritelessAuthority, type WritelessAuthorityParts } from './writeless-authority.ts'

export class FullDiskAuthority extends WritelessAuthority {
  /** It takes all clients: those too that want to write can read. */
  readonly isReadOnly = false
  readonly #sessions: ReadonlyMap<SessionId, Session>

  constructor(parts: WritelessAuthorityParts) {
    super(parts)
    this.#sessions = new Map(
      Array.from(parts.tree.timeoutMsBySession, ([id, timeoutMs]) => [
        id,
        new Session(id, timeoutMs),
      ]),
    )
  }

  override get sessionCount(): number {
    return this.#sessions.size + super.sessionCount
  }

  takes(type: number): boolean {
    return isWrite(type)
  }

  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.locals.reattach(connection, id, timeoutMs)) return
    const session = this.#sessions.get(id)
    if (session === undefined) return this.host.refuse(connection)
    session.timeoutMs = timeoutMs
    this.host.welcome(connection, session)
  }

  write(request: OrderedRequest, reader: JuteReader): void {
    if (request.type === OpCode.sync) this.#sync(request, reader)
    else if (request.type === OpCode.closeSession) this.closeSession(request)
    else this.fail(request, ErrorCode.NotReadOnly)
  }

  confirmRead(_request: OrderedRequest, confirmed: (err: number) => void): void {
    confirmed(ErrorCode.Ok)
  }

  /** What was not applied when the tree was read from disk never will be. */
  fence(_request: OrderedRequest, fenced: (err: number) => void): void {
    fenced(ErrorCode.Ok)
  }

  fenceEnded(_request: OrderedRequest, id: SessionId, fenced: (isOver: boolean) => void): void {
    fenced(!this.#sessions.has(id) && !this.locals.has(id))
  }

  #sync(request: OrderedRequest, reader: JuteReader): void {
    const path = reader.readBuffer()?.slice() ?? null
    this.order.ready(request, () => {
      const { connection } = request
      connection.beginReply(request.xid, this.tree.lastZxid, ErrorCode.Ok).writeBuffer(path)
      connection.endReply()
    })
  }
}
