/**
 * The first frame of a connection: a new session, or one that comes back. The order of the checks follows
 * ZooKeeperServer.processConnectRequest.
 */
import {
  bytesEqual,
  Capability,
  connectRequest,
  type ConnectRequest,
  connectResponse,
  JuteError,
  JuteReader,
  type SessionId,
  sessionPassword,
} from '@quorate/protocol'
import { outcomesPerSession, type Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'
import type { Authority } from './roles/authority.ts'

export type ConnectOutcome =
  /** A new session with this timeout is wanted. */
  | { readonly type: 'create'; readonly timeoutMs: number }
  /** The session is to go on with this timeout, if it is alive; the password is right. */
  | { readonly type: 'reattach'; readonly sessionId: SessionId; readonly timeoutMs: number }
  /** The password is wrong: say that there is no such session, and close. */
  | { readonly type: 'refuse' }
  /** Close without an answer, because of `reason`. */
  | { readonly type: 'close'; readonly reason: string }

/** What the server can do of {@link Capability}. */
const ownCapabilities = Capability.linearizableReads | Capability.outcomes
/** Without a leader there is nobody to ask. */
const readOnlyCapabilities = Capability.linearizableReads

export class ConnectHandler {
  readonly #tree: Tree
  readonly #options: ReplicaOptions

  constructor(tree: Tree, options: ReplicaOptions) {
    this.#tree = tree
    this.#options = options
  }

  decide(
    connection: ClientConnection,
    bytes: Uint8Array,
    frame: { readonly start: number; readonly end: number },
    { isReadOnly, epochZxid }: Pick<Authority, 'isReadOnly' | 'epochZxid'>,
  ): ConnectOutcome {
    const { start, end } = frame
    const request = decodeConnectRequest(bytes, start, end)
    if (request === undefined)
      return { type: 'close', reason: 'the first frame is no ConnectRequest' }
    if (!this.#options.admitSession(request.sessionId === 0n ? 'create' : 'reattach')) {
      const reason =
        'more clients ask for sessions than connection_throttle_tokens lets through; they try again by themselves'
      return { type: 'close', reason }
    }
    connection.hasReadOnlyByte = request.readOnly !== undefined
    if (request.capabilities !== undefined)
      connection.capabilities =
        request.capabilities & (isReadOnly ? readOnlyCapabilities : ownCapabilities)
    if (isReadOnly && request.readOnly !== true) {
      const reason = 'the server is read-only now, and the client wants one that is not'
      return { type: 'close', reason }
    }
    const lastZxid = Math.max(this.#tree.lastZxid, epochZxid)
    if (request.lastZxidSeen > lastZxid) {
      return {
        type: 'close',
        reason: `the client has seen the zxid 0x${request.lastZxidSeen.toString(16)}, and this server's last is 0x${lastZxid.toString(16)}: it must try another server`,
      }
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#options
    const timeoutMs = Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs)
    if (request.sessionId === 0n) return { type: 'create', timeoutMs }
    // Compatibility: Apache closes the connection that holds the session before it looks at the password, so anybody can cut off
    // a healthy client. Here the password comes first.
    const isPasswordRight =
      request.passwd !== null && bytesEqual(request.passwd, sessionPassword(request.sessionId))
    if (!isPasswordRight) return { type: 'refuse' }
    return { type: 'reattach', sessionId: request.sessionId, timeoutMs }
  }

  writeResponse(
    connection: ClientConnection,
    session: { readonly id: SessionId; readonly timeoutMs: number },
    isReadOnly: boolean,
  ): void {
    const { capabilities } = connection
    connectResponse.encode(connection.beginFrame(), {
      protocolVersion: 0,
      timeOut: session.timeoutMs,
      sessionId: session.id,
      passwd: session.id === 0n ? new Uint8Array(16) : sessionPassword(session.id),
      readOnly: connection.hasReadOnlyByte ? isReadOnly : undefined,
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(asksOutcomes(connection)
        ? { outcomes: { writesMax: outcomesPerSession, zxid: this.#tree.lastZxid } }
        : {}),
    })
    connection.endFrame()
  }
}

/** Whether the client may ask what became of its writes. */
export function asksOutcomes({ capabilities = 0 }: ClientConnection): boolean {
  return (capabilities & Capability.outcomes) !== 0
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
