/** Which session a client has now. */
import type { SessionId } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'

/** As the owner of ephemeral nodes shows it: unsigned. Undefined before there is a session. */
export function sessionOf(zk: BytesClient): SessionId | undefined {
  const id = zk.sessionId
  return id === undefined ? undefined : (BigInt.asUintN(64, id) as SessionId)
}
