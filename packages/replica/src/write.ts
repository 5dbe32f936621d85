/** Writes before they are transactions. */
import type { Identity } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { Session, SessionHalves } from './session-tracker.ts'

/** The cxid of a write that only stands in the way of others: no client gives it to a request of its own. */
export const fenceCxid = -600
/** The same of a fence in the name of a session that is over: its own server must not take it for one of its own. */
export const endedFenceCxid = -601

/** A client's of this server, one that a learner forwarded, or the server's own. */
export interface Write {
  /** OpCode */
  readonly type: number
  readonly session: SessionHalves
  /** The client's number for it; 0 for a server's own. */
  readonly xid: number
  /** Wall clock, ms. */
  readonly timeMs: number
  readonly identities: readonly Identity[]
  /** Who waits for the session that it makes. */
  readonly connecting?: ClientConnection | undefined
}

/** A request of this server's client that has its place in the order of its connection's answers. */
export interface OrderedRequest extends Write {
  readonly connection: ClientConnection
  readonly session: Session
  readonly receivedAtMs: number
  /** Its number among the connection's requests that are not answered at once, from 1. */
  readonly ordinal: number
}

export function isOrdered(write: Write): write is OrderedRequest {
  return 'ordinal' in write
}
