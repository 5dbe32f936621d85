/** Reply bodies decoded for people. */
import {
  type Codec,
  create2Response,
  decode,
  getAclResponse,
  getAllChildrenNumberResponse,
  getChildren2Response,
  getChildrenResponse,
  getDataResponse,
  getEphemeralsResponse,
  multiResponse,
  OpCode,
  pathRecord,
  statResponse,
  whoAmIResponse,
} from '@quorate/protocol'

const codecs = new Map<number, Codec<unknown>>([
  [OpCode.create, pathRecord],
  [OpCode.create2, create2Response],
  [OpCode.createContainer, create2Response],
  [OpCode.createTTL, create2Response],
  [OpCode.exists, statResponse],
  [OpCode.getData, getDataResponse],
  [OpCode.setData, statResponse],
  [OpCode.getACL, getAclResponse],
  [OpCode.setACL, statResponse],
  [OpCode.getChildren, getChildrenResponse],
  [OpCode.sync, pathRecord],
  [OpCode.getChildren2, getChildren2Response],
  [OpCode.multi, multiResponse],
  [OpCode.multiRead, multiResponse],
  [OpCode.reconfig, getDataResponse],
  [OpCode.getEphemerals, getEphemeralsResponse],
  [OpCode.getAllChildrenNumber, getAllChildrenNumberResponse],
  [OpCode.whoAmI, whoAmIResponse],
] as [number, Codec<unknown>][])

export function describeReplyBody(type: number, body: Uint8Array): string {
  const codec = codecs.get(type)
  if (codec === undefined || body.length === 0) return ''
  try {
    return text(decode(codec, body))
  } catch (error) {
    return `(${String(error)})`
  }
}

export function text(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'bigint') return `0x${one.toString(16)}`
    if (one instanceof Uint8Array)
      return one.length > 60 ? `${one.length} bytes` : Buffer.from(one).toString('latin1')
    return one
  })
}
