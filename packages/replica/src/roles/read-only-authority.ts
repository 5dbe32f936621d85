/**
 * Cut off from any quorum: reads only, for clients that put up with them (`readonlymode.enabled`). Sessions are this server's
 * own, and end when it finds a leader.
 *
 * Compatibility: Apache gives sessions in this mode only when localSessionsEnabled is set as well, and otherwise answers a
 * ConnectRequest with a reply header that no client expects. Here the one switch is enough.
 */
import { ErrorCode, type JuteReader, OpCode, type SessionId } from '@quorate/protocol'
import type { ClientConnection } from '../client-connection.ts'
import type { OrderedRequest } from '../write.ts'
import { isWrite } from './write-types.ts'
import { WritelessAuthority } from './writeless-authority.ts'

export class ReadOnlyAuthority extends WritelessAuthority {
  readonly isReadOnly = true

  takes(type: number): boolean {
    return isWrite(type) || type === OpCode.check || type === OpCode.deleteContainer
  }

  /** A session that everybody knows is no matter for a server that is alone: its client may find the others. */
  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    if (this.locals.reattach(connection, id, timeoutMs)) return
    if (this.tree.timeoutMsBySession.has(id)) {
      const reason = 'the server is read-only now and may not take over a session of the ensemble'
      this.host.drop(connection, 'CONNECT_REFUSED', reason)
    } else this.host.refuse(connection)
  }

  write(request: OrderedRequest, _reader: JuteReader): void {
    if (request.type === OpCode.closeSession) this.closeSession(request)
    else this.fail(request, ErrorCode.NotReadOnly)
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
}
