/**
 * The first frame of a connection: a new session, or one that comes back. The order of the checks follows
 * ZooKeeperServer.processConnectRequest.
 */
import {
  bytesEqual,
  connectRequest,
  type ConnectRequest,
  connectResponse,
  JuteError,
  JuteReader,
  type SessionId,
  sessionPassword,
} from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'
import type { SessionTracker } from './session-tracker.ts'

export type ConnectOutcome =
  /** Create a session with this timeout; the answer follows when its transaction has been applied. */
  | { readonly type: 'create'; readonly timeoutMs: number }
  /** The session has come back, with this timeout from now on. */
  | { readonly type: 'reattach'; readonly sessionId: SessionId; readonly timeoutMs: number }
  /** The session is unknown, closing, or the password is wrong: say so and close. */
  | { readonly type: 'refuse' }
  /** Close without an answer, because of `reason`. */
  | { readonly type: 'close'; readonly reason: string }

export class ConnectHandler {
  readonly #tree: Tree
  readonly #sessions: SessionTracker
  readonly #options: ReplicaOptions

  constructor(tree: Tree, sessions: SessionTracker, options: ReplicaOptions) {
    this.#tree = tree
    this.#sessions = sessions
    this.#options = options
  }

  decide(
    connection: ClientConnection,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ConnectOutcome {
    const request = decodeConnectRequest(bytes, start, end)
    if (request === undefined)
      return { type: 'close', reason: 'the first frame is no ConnectRequest' }
    if (!this.#options.admitSession(request.sessionId === 0n ? 'create' : 'reattach')) {
      const reason =
        'more clients ask for sessions than connection_throttle_tokens lets through; they try again by themselves'
      return { type: 'close', reason }
    }
    connection.hasReadOnlyByte = request.readOnly !== undefined
    if (request.lastZxidSeen > this.#tree.lastZxid) {
      return {
        type: 'close',
        reason: `the client has seen the zxid 0x${request.lastZxidSeen.toString(16)}, and this server's last is 0x${this.#tree.lastZxid.toString(16)}: it must try another server`,
      }
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#options
    const timeoutMs = Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs)
    if (request.sessionId === 0n) return { type: 'create', timeoutMs }
    // Compatibility: Apache closes the connection that holds the session before it looks at the password, so anybody can cut off
    // a healthy client. Here the password comes first.
    const isPasswordRight =
      request.passwd !== null && bytesEqual(request.passwd, sessionPassword(request.sessionId))
    const session = this.#sessions.get(request.sessionId)
    if (!isPasswordRight || session === undefined || session.isClosing) return { type: 'refuse' }
    return { type: 'reattach', sessionId: request.sessionId, timeoutMs }
  }

  writeResponse(connection: ClientConnection, sessionId: SessionId, timeoutMs: number): void {
    connectResponse.encode(connection.beginFrame(), {
      protocolVersion: 0,
      timeOut: timeoutMs,
      sessionId,
      passwd: sessionId === 0n ? new Uint8Array(16) : sessionPassword(sessionId),
      readOnly: connection.hasReadOnlyByte ? false : undefined,
    })
    connection.endFrame()
  }
}

function decodeConnectRequest(
  bytes: Uint8Array,
  start: number,
  end: number,
): ConnectRequest | undefined {
  try {
    return connectRequest.decode(new JuteReader(bytes, start, end))
  } catch (error) {
    if (error instanceof JuteError) return undefined
    throw error
  }
}
