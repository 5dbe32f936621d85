import type { Zxid } from '@quorate/protocol'
import type { TxnResult } from '@quorate/tree'
import type { OrderedRequest } from './write.ts'

/** Begins the reply to the request whose transaction was applied last, and writes its body. */
export function replyWithResult(request: OrderedRequest, zxid: Zxid, result: TxnResult): void {
  const { err, body } = result
  request.connection.beginReply(request.xid, zxid, err).writeBytes(body.bytes, 0, body.position)
}
