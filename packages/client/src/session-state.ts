/** What is told of a session: its state, and what makes it usable by another client. */
import type { SessionId } from '@quorate/protocol'
import type { ServerAddress } from './server-address.ts'

export type SessionState =
  /** There is no session: no call was made yet, or no server could be reached for the last ones. */
  | 'idle'
  /** The first connection is being made. */
  | 'connecting'
  | 'connected'
  /** The connection is lost and another is being made; the session may still live. */
  | 'disconnected'
  /** The session is lost, with its ephemeral nodes and watches. Final, unless the client makes another (`onExpired`). */
  | 'expired'
  /** Final. */
  | 'closed'

export interface StateChange {
  readonly state: SessionState
  /** The server, when connected. */
  readonly server?: ServerAddress
  /** Why the connection or the session was lost; a SessionLoss when expired. */
  readonly cause?: unknown
}

/** What makes a session usable by another client object. */
export interface SessionIdentity {
  readonly id: SessionId
  readonly password: Uint8Array
}
