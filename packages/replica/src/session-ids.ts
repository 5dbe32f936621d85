/**
 * Numbers for new sessions: the server's own id on top, then the time of its start, then a count. One object serves a server
 * through all its terms, so that no two of its sessions get the same number.
 */
import { firstSessionId, type SessionId } from '@quorate/protocol'

export class SessionIds {
  #next: SessionId

  constructor(options: { readonly serverId: number; readonly wallMs: number }) {
    this.#next = firstSessionId(options.serverId, options.wallMs)
  }

  /** An id that no session has. A clock that was set back may begin with ids of sessions that are still alive. */
  next(isTaken: (id: SessionId) => boolean): SessionId {
    let id = this.#next
    while (isTaken(id)) id = following(id)
    this.#next = following(id)
    return id
  }
}

function following(id: SessionId): SessionId {
  return BigInt.asUintN(64, id + 1n) as SessionId
}
