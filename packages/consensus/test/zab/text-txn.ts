/** Transactions that stand for texts. They are whole records: an engine may look at a transaction's header. */
import { decode, encode, OpCode, type SessionId, txn, type Zxid } from '@quorate/protocol'

export function textTxn(zxid: Zxid, text: string): Uint8Array {
  const { delete: type } = OpCode
  const header = { clientId: 1n as SessionId, cxid: 1, zxid, time: 0, type }
  return encode(txn, { header, body: { type, path: text }, digest: undefined })
}

export function textOf(bytes: Uint8Array): string {
  const { body } = decode(txn, bytes)
  if (body.type !== OpCode.delete) throw new Error(`a transaction of the type ${body.type}`)
  return body.path
}
