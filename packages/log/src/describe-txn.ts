/** A transaction as people and programs read it: a line like Apache's TxnLogToolkit, or an object for JSON. */
import {
  type Acl,
  decode,
  base64Encode,
  formatSessionId,
  formatZxid,
  OpCode,
  opName,
  type Txn,
  txn as txnCodec,
  type TxnBody,
  utf8Decode,
} from '@quorate/protocol'

/**
 * `<time> session 0x… cxid 0x… zxid 0x… <type> <record>`
 *
 * Compatibility: Apache breaks the line inside of an ACL and prints the records of a multi as raw bytes; here each
 * transaction is one line.
 *
 * @param formatTime of ms since 1970, in the place's usual form
 */
export function describeTxn(bytes: Uint8Array, formatTime: (timeMs: number) => string): string {
  const { header, body } = decode(txnCodec, bytes)
  const cxid = (header.cxid >>> 0).toString(16)
  const start = `${formatTime(header.time)} session ${formatSessionId(header.clientId)} cxid 0x${cxid}`
  return `${start} zxid 0x${formatZxid(header.zxid)} ${typeName(body)} ${describeBody(body)}`
}

/** The same as plain values: ids as hex text, data in base64. */
export function txnToJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const txn: Txn = decode(txnCodec, bytes)
  const { header, digest } = txn
  return {
    zxid: `0x${formatZxid(header.zxid)}`,
    session: formatSessionId(header.clientId),
    cxid: header.cxid,
    timeMs: header.time,
    ...bodyToJson(txn.body),
    ...(digest && { digest: `0x${BigInt.asUintN(64, digest.treeDigest).toString(16)}` }),
  }
}

function bodyToJson(body: TxnBody): Record<string, unknown> {
  const { type, ...rest } = body
  const json: Record<string, unknown> = { type: opName(type), ...rest }
  if ('data' in body) json['data'] = body.data === null ? null : base64Encode(body.data)
  if ('txns' in body) json['txns'] = body.txns.map(bodyToJson)
  return json
}

function describeBody(body: TxnBody): string {
  switch (body.type) {
    case OpCode.createSession:
      return String(body.timeOut)
    case OpCode.closeSession:
      return `v{${(body.paths2Delete ?? []).map((path) => `'${path}`).join(',')}}`
    case OpCode.create:
    case OpCode.create2:
      return fields(body.path, body.data, body.acl, body.ephemeral, body.parentCVersion)
    case OpCode.createContainer:
      return fields(body.path, body.data, body.acl, body.parentCVersion)
    case OpCode.createTTL:
      return fields(body.path, body.data, body.acl, body.parentCVersion, body.ttl)
    case OpCode.delete:
    case OpCode.deleteContainer:
      return `'${body.path}`
    case OpCode.setData:
    case OpCode.reconfig:
      return fields(body.path, body.data, body.version)
    case OpCode.setACL:
      return `'${body.path},v{${(body.acl ?? []).map((one) => `s{${describeAcl(one)}}`).join(',')}},${body.version}`
    case OpCode.check:
      return fields(body.path, body.version)
    case OpCode.error:
      return String(body.err)
    default:
      return body.txns.map((one) => `${typeName(one)}:${describeBody(one)}`).join(';')
  }
}

type Field = string | number | boolean | Uint8Array | readonly Acl[] | null | undefined

function fields(...values: readonly Field[]): string {
  return values.map(describeField).join(',')
}

function describeField(value: Field): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Uint8Array) return utf8Decode(value)
  if (typeof value !== 'object') return String(value)
  return `[${value.map(describeAcl).join(',')}]`
}

function describeAcl({ perms, id }: Acl): string {
  return `${perms},s{'${id.scheme},'${id.id}}`
}

/** Apache writes createTtl. */
function typeName(body: TxnBody): string {
  return body.type === OpCode.createTTL ? 'createTtl' : (opName(body.type) ?? String(body.type))
}
