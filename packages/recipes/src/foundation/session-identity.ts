/** Which session a client has now. */
import type { CodecChoice, SessionId, ZooKeeper } from '@quorate/client/core'

/** As the owner of ephemeral nodes shows it: unsigned. Undefined before there is a session. */
export function sessionOf<C extends CodecChoice>(zk: ZooKeeper<C>): SessionId | undefined {
  const id = zk.sessionId
  return id === undefined ? undefined : (BigInt.asUintN(64, id) as SessionId)
}
