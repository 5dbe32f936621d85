/** Transactions that stand for texts. They are whole records: an engine may look at a transaction's header. */
import {
  decode,
  encode,
  JuteError,
  OpCode,
  type SessionId,
  txn,
  type Zxid,
} from '@quorate/protocol'

export function textTransaction(zxid: Zxid, text: string): Uint8Array {
  const { delete: type } = OpCode
  const header = { clientId: 1n as SessionId, cxid: 1, zxid, time: 0, type }
  return encode(txn, { header, body: { type, path: text }, digest: undefined })
}

/** What an engine made of it may be anything: then it is a text that nobody submitted. */
export function textOf(bytes: Uint8Array): string {
  try {
    const { body } = decode(txn, bytes)
    if (body.type === OpCode.delete) return body.path
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
  }
  return `no transaction: ${bytes.join()}`
}
