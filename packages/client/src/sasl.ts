/**
 * How a connection proves who its client is, before anything else is sent on it. The mechanism is handed in; here is the
 * exchange of its tokens with a ZooKeeper server.
 *
 * The first token is empty, and each answer of the server holds the next challenge. A server that does no SASL answers
 * the first one with no token at all, and would serve the client as a stranger: that is a failure here.
 */
import { OpCode, saslToken } from '@quorate/protocol'
import { Call, type Operation } from './call.ts'
import type { Connection } from './connection.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** The client's side of one exchange. */
export interface SaslExchange {
  /**
   * The answer to a challenge, or undefined when nothing is left to say.
   * @throws Error when the challenge is none, or the server does not prove that it knows the secret
   */
  answer(challenge: Uint8Array): Uint8Array | undefined
}

/** Begins an exchange. Called for each connection. */
export type SaslMechanism = () => SaslExchange

export interface SaslListener {
  authenticated(): void
  /** With AuthFailed when server or client refuse the other; otherwise the connection is lost. */
  refused(error: ZooKeeperError): void
}

export function authenticate(
  connection: Connection,
  mechanism: SaslMechanism,
  listener: SaslListener,
): void {
  const exchange = mechanism()
  const ask = (token: Uint8Array): void => {
    connection.send(new Call(tokenRequest(token), (answer) => heard(answer), refuse))
  }
  const refuse = (error: ZooKeeperError): void =>
    listener.refused(isRefusal(error) ? refusal(error) : error)
  const heard = (challenge: unknown): void => {
    let token: Uint8Array | undefined
    try {
      token = exchange.answer(challengeOf(challenge))
    } catch (error) {
      listener.refused(refusal(error as Error))
      return
    }
    if (token === undefined) listener.authenticated()
    else ask(token)
  }
  ask(new Uint8Array(0))
}

function tokenRequest(token: Uint8Array): Operation<unknown> {
  return {
    name: 'sasl',
    type: OpCode.sasl,
    path: undefined,
    isWrite: false,
    write: (writer) => saslToken.encode(writer, { token }),
    read: (reader) => saslToken.decode(reader).token,
  }
}

function challengeOf(token: unknown): Uint8Array {
  if (token instanceof Uint8Array) return token
  throw new Error(
    'the server does no SASL: it has no "Server" section in its JAAS configuration, or no SASL provider',
  )
}

function isRefusal({ code }: ZooKeeperError): boolean {
  return code === 'AuthFailed' || code === 'SessionClosedRequireSaslAuth'
}

function refusal(cause: Error): ZooKeeperError {
  const message =
    cause instanceof ZooKeeperError
      ? 'the server refused the SASL credentials. Check the user name and the password.'
      : `the SASL exchange with the server failed: ${cause.message}.`
  return new ZooKeeperError('AuthFailed', { op: 'sasl', message, cause })
}
