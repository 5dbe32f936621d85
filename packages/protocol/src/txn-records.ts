/**
 * Transactions, as a PROPOSAL carries them and the log stores them:
 *
 *     TxnHeader(32) · record of the type · [TxnDigest(12)]
 *
 * This is the readable form for tools, tests and rare transactions; the tree room encodes and applies the frequent ones
 * on bytes.
 */
import { type Acl, aclList } from './acl.ts'
import { readInt32 } from './bytes.ts'
import {
  boolean,
  buffer,
  type Codec,
  int,
  long,
  longBits,
  record,
  string,
  vector,
} from './codec.ts'
import { JuteError } from './jute-error.ts'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { OpCode } from './op-code.ts'
import { type SessionId, sessionIdOf, type Zxid } from './zxid.ts'

/** long clientId · int cxid · long zxid · long time · int type */
export interface TxnHeader {
  readonly clientId: SessionId
  readonly cxid: number
  readonly zxid: Zxid
  /** Wall clock of the leader, ms since 1970. */
  readonly time: number
  readonly type: number
}
/** By hand, as every transaction has one. */
export const txnHeader: Codec<TxnHeader> = {
  encode(writer, value) {
    writer.writeSessionId(value.clientId)
    writer.writeInt(value.cxid)
    writer.writeLong(value.zxid)
    writer.writeLong(value.time)
    writer.writeInt(value.type)
  },
  decode: (reader) => ({
    clientId: reader.readSessionId(),
    cxid: reader.readInt(),
    zxid: reader.readLong(),
    time: reader.readLong(),
    type: reader.readInt(),
  }),
}

/** Bytes of a TxnHeader. */
export const txnHeaderLength = 32
const typeAt = 28

/** The type in the TxnHeader at `start`. */
export function txnType(txn: Uint8Array, start = 0): number {
  return readInt32(txn, start + typeAt)
}

/** The session in the TxnHeader of a transaction. */
export function txnSession(txn: Uint8Array): SessionId {
  return sessionIdOf(readInt32(txn, 0), readInt32(txn, 4))
}

/** int version (2) · long treeDigest: the digest of the tree after the transaction */
export interface TxnDigest {
  readonly version: number
  readonly treeDigest: bigint
}
export const txnDigest: Codec<TxnDigest> = record({ version: int, treeDigest: longBits })

/** Bytes of a TxnDigest. */
export const txnDigestLength = 12
export const digestVersion = 2

export interface CreateTxn {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[] | null
  readonly ephemeral: boolean
  /** The parent's stored cversion after this create; undefined in the form before 3.4 (CreateTxnV0). */
  readonly parentCVersion: number | undefined
}

export interface CreateContainerTxn {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[] | null
  readonly parentCVersion: number
}

export interface CreateTtlTxn extends CreateContainerTxn {
  readonly ttl: number
}

export type TxnBody =
  | { readonly type: typeof OpCode.createSession; readonly timeOut: number }
  /** Paths are undefined in the form before 3.6: the session's ephemerals as known locally. */
  | {
      readonly type: typeof OpCode.closeSession
      readonly paths2Delete: readonly string[] | undefined
    }
  | ({ readonly type: typeof OpCode.create | typeof OpCode.create2 } & CreateTxn)
  | ({ readonly type: typeof OpCode.createContainer } & CreateContainerTxn)
  | ({ readonly type: typeof OpCode.createTTL } & CreateTtlTxn)
  | { readonly type: typeof OpCode.delete | typeof OpCode.deleteContainer; readonly path: string }
  /** The version is the new one. */
  | {
      readonly type: typeof OpCode.setData | typeof OpCode.reconfig
      readonly path: string
      readonly data: Uint8Array | null
      readonly version: number
    }
  | {
      readonly type: typeof OpCode.setACL
      readonly path: string
      readonly acl: readonly Acl[] | null
      readonly version: number
    }
  | { readonly type: typeof OpCode.check; readonly path: string; readonly version: number }
  | { readonly type: typeof OpCode.error; readonly err: number }
  | { readonly type: typeof OpCode.multi; readonly txns: readonly TxnBody[] }

export interface Txn {
  readonly header: TxnHeader
  readonly body: TxnBody
  readonly digest: TxnDigest | undefined
}

const createTxn: Codec<CreateTxn> = {
  encode(writer, value) {
    createTxnStart.encode(writer, value)
    if (value.parentCVersion !== undefined) writer.writeInt(value.parentCVersion)
  },
  decode(reader) {
    const start = createTxnStart.decode(reader)
    return { ...start, parentCVersion: reader.remaining >= 4 ? reader.readInt() : undefined }
  },
}
const createTxnStart = record({ path: string, data: buffer, acl: aclList, ephemeral: boolean })
const closeSessionTxn: Codec<{ readonly paths2Delete: readonly string[] | undefined }> = {
  encode(writer, value) {
    if (value.paths2Delete !== undefined) paths.encode(writer, value.paths2Delete)
  },
  decode: (reader) => ({ paths2Delete: hasPaths(reader) ? paths.decode(reader) : undefined }),
}
const paths = vector(string)
/** The form before 3.6 has no vector, but maybe the 12 bytes of a digest: two paths would not fit in there. */
function hasPaths(reader: JuteReader): boolean {
  const isDigest =
    reader.remaining === txnDigestLength &&
    readInt32(reader.bytes, reader.position) === digestVersion
  return reader.remaining >= 4 && !isDigest
}
const setDataTxn = record({ path: string, data: buffer, version: int })
const deleteTxn = record({ path: string })
const multiTxn: Codec<{ readonly txns: readonly TxnBody[] }> = {
  encode(writer, value) {
    writer.writeInt(value.txns.length)
    for (const txn of value.txns) {
      writer.writeInt(txn.type)
      const body = new JuteWriter()
      encodeTxnBody(body, txn)
      writer.writeBuffer(body.written())
    }
  },
  decode(reader) {
    const count = reader.readCount()
    const txns: TxnBody[] = []
    for (let i = 0; i < count; i++) {
      const type = reader.readInt()
      const body = reader.readBuffer()
      txns.push(decodeTxnBody(type, new JuteReader(body ?? new Uint8Array(0))))
    }
    return { txns }
  },
}

const bodyCodecs = new Map<number, Codec<never>>([
  [OpCode.createSession, record({ timeOut: int })],
  [OpCode.closeSession, closeSessionTxn],
  [OpCode.create, createTxn],
  [OpCode.create2, createTxn],
  [
    OpCode.createContainer,
    record({ path: string, data: buffer, acl: aclList, parentCVersion: int }),
  ],
  [
    OpCode.createTTL,
    record({ path: string, data: buffer, acl: aclList, parentCVersion: int, ttl: long }),
  ],
  [OpCode.delete, deleteTxn],
  [OpCode.deleteContainer, deleteTxn],
  [OpCode.setData, setDataTxn],
  [OpCode.reconfig, setDataTxn],
  [OpCode.setACL, record({ path: string, acl: aclList, version: int })],
  [OpCode.check, record({ path: string, version: int })],
  [OpCode.error, record({ err: int })],
  [OpCode.multi, multiTxn],
] as [number, Codec<never>][])

export const txn: Codec<Txn> = {
  encode(writer, value) {
    txnHeader.encode(writer, value.header)
    encodeTxnBody(writer, value.body)
    if (value.digest !== undefined) txnDigest.encode(writer, value.digest)
  },
  decode(reader) {
    const header = txnHeader.decode(reader)
    const body = decodeTxnBody(header.type, reader)
    const digest = reader.remaining >= txnDigestLength ? txnDigest.decode(reader) : undefined
    return { header, body, digest }
  },
}

export function encodeTxnBody(writer: JuteWriter, body: TxnBody): void {
  ;(bodyCodec(body.type) as unknown as Codec<TxnBody>).encode(writer, body)
}

/** @throws JuteError JUTE_UNKNOWN_TYPE for a type that no server writes, other codes for a body that is cut short */
export function decodeTxnBody(type: number, reader: JuteReader): TxnBody {
  const fields: object = bodyCodec(type).decode(reader)
  return { ...fields, type } as TxnBody
}

function bodyCodec(type: number): Codec<never> {
  const codec = bodyCodecs.get(type)
  if (codec === undefined)
    throw new JuteError(
      'JUTE_UNKNOWN_TYPE',
      `a transaction has the type ${type}; ${[...bodyCodecs.keys()].join(', ')} are known`,
    )
  return codec
}
