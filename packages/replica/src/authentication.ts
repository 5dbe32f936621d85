/** The auth packet: adds an identity to the connection. */
import { digestId, ErrorCode, type JuteReader } from '@quorate/protocol'
import { ipIdentity, superIdentity } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'

/**
 * @returns Ok, or AuthFailed: the connection is to be closed after the reply
 * @throws JuteError when the packet cannot be decoded
 */
export function authenticate(
  connection: ClientConnection,
  reader: JuteReader,
  options: ReplicaOptions,
): number {
  reader.readInt()
  const scheme = reader.readString()
  const secret = reader.readBuffer()
  switch (scheme) {
    case 'digest':
      return options.isDigestAuthEnabled
        ? authenticateDigest(connection, secret, options)
        : ErrorCode.AuthFailed
    case 'ip':
      connection.addIdentity(ipIdentity(connection.remoteAddress))
      return ErrorCode.Ok
    default:
      return ErrorCode.AuthFailed
  }
}

function authenticateDigest(
  connection: ClientConnection,
  secret: Uint8Array | null,
  options: ReplicaOptions,
): number {
  if (secret === null) return ErrorCode.AuthFailed
  const { platform, superDigest } = options
  const id = digestId(platform.utf8Decode(secret, 0, secret.length), platform)
  if (id === superDigest) connection.addIdentity(superIdentity)
  connection.addIdentity({ scheme: 'digest', id })
  return ErrorCode.Ok
}

/** Whether the connection may make requests although a scheme is demanded of it (enforce.auth.schemes). */
export function isAuthenticatedEnough(
  connection: ClientConnection,
  options: ReplicaOptions,
): boolean {
  const { enforceAuthSchemes } = options
  return (
    enforceAuthSchemes.length === 0 ||
    connection.identities.some(({ scheme }) => enforceAuthSchemes.includes(scheme))
  )
}
