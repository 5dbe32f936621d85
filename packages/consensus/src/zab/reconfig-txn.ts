/** The one kind of transaction that the engine looks into: a reconfiguration carries the membership that it puts in place. */
import {
  decodeTxnBody,
  JuteReader,
  OpCode,
  purePlatform,
  readInt32,
  txnHeaderLength,
} from '@quorate/protocol'

/** The text of the membership in the transaction `bytes[start, end)`, if it is a reconfiguration. */
export function membershipTextIn(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  if (
    end - start < txnHeaderLength ||
    readInt32(bytes, start + txnHeaderLength - 4) !== OpCode.reconfig
  )
    return undefined
  const body = decodeTxnBody(OpCode.reconfig, new JuteReader(bytes, start + txnHeaderLength, end))
  if (body.type !== OpCode.reconfig || body.data === null) return undefined
  return purePlatform.utf8Decode(body.data, 0, body.data.length)
}
