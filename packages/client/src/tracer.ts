/** What a platform may listen to: each call from its making to its end, and the life of connections and sessions. */
import type { SessionId } from '@quorate/protocol'
import type { StateChange } from './session-state.ts'
import type { ServerAddress } from './server-address.ts'
import type { ZooKeeperError } from './zookeeper-error.ts'

export interface TracedCall {
  /** The request's name in the protocol (`create`, `getData`). */
  readonly op: string
  /** As the caller wrote it; undefined for calls without a path. */
  readonly path: string | undefined
  readonly sessionId: SessionId | undefined
  /** The server of the connection that stood when the call was made. */
  readonly server: ServerAddress | undefined
}

export interface TracedConnection {
  readonly type: 'dialing' | 'connected' | 'lost'
  readonly server: ServerAddress
  readonly sessionId: SessionId | undefined
  readonly cause?: unknown
}

export interface TracedState extends StateChange {
  readonly sessionId: SessionId | undefined
}

/** Told in the middle of the client's work: it must not throw, nor call the client. */
export interface Tracer {
  /** Whether anybody listens to calls now. Nothing is put together for them otherwise. */
  readonly isActive: boolean
  /** @returns what to tell the end of the call */
  callStarted(call: TracedCall): (error?: ZooKeeperError) => void
  connectionChanged(change: TracedConnection): void
  stateChanged(change: TracedState): void
}
