/**
 * Requests as plain data: printed in reports, encoded for the wire when they are sent. A path's `~` stands for the
 * root node of the round, so that the same steps can be run again beside what earlier runs left.
 */
import { JuteWriter, OpCode, opName, writeMultiHeader } from '@quorate/protocol'

/** Text, null, or bytes that are no UTF-8 (as hex). */
export type Text = string | null | { readonly hex: string }
/** Text, null, or that many bytes. */
export type Data = string | null | { readonly length: number }
export interface AclEntry {
  readonly perms: number
  readonly scheme: Text
  readonly id: Text
}
export type AclEntries = readonly AclEntry[] | null
type Paths = readonly Text[] | null

interface CreateFields {
  readonly path: Text
  readonly data: Data
  readonly acl: AclEntries
  readonly flags: number
}

/** What goes behind the request header, by op code; a multi holds the same requests again. */
export type Body =
  | ({ readonly type: 1 | 15 | 19 } & CreateFields)
  | ({ readonly type: 21; readonly ttl: number } & CreateFields)
  | { readonly type: 2 | 13; readonly path: Text; readonly version: number }
  | { readonly type: 3 | 4 | 8 | 12; readonly path: Text; readonly watch: boolean }
  | { readonly type: 5; readonly path: Text; readonly data: Data; readonly version: number }
  | { readonly type: 7; readonly path: Text; readonly acl: AclEntries; readonly version: number }
  | { readonly type: 6 | 9 | 103 | 104; readonly path: Text }
  | { readonly type: 14 | 22; readonly ops: readonly Body[] }
  | {
      readonly type: 16
      readonly joining: Text
      readonly leaving: Text
      readonly members: Text
      readonly config: number
    }
  | { readonly type: 17 | 18 | 106; readonly path: Text; readonly mode: number }
  | { readonly type: 100; readonly scheme: Text; readonly auth: Data }
  | {
      readonly type: 101 | 105
      /** How many transactions before the last one the client claims to have seen. */
      readonly behind: number
      readonly lists: readonly Paths[]
    }
  | { readonly type: 102; readonly token: Data }
  | { readonly type: 11 | 107 | -11 }
  /** An op code that no client may use, or one whose body is these bytes. */
  | { readonly type: number; readonly raw: string }

export interface Request {
  readonly body: Body
  /** Given only when it is not the next one of the connection. */
  readonly xid?: number
  /** Bytes that the end of the body lacks (negative: that many zeros too many). */
  readonly cut?: number
}

export interface EncodingContext {
  readonly root: string
  /** The zxid that lies so many transactions back. */
  zxidBehind(count: number): number
}

export function encodeBody(request: Request, context: EncodingContext): Uint8Array {
  const writer = new JuteWriter()
  writeBody(writer, request.body, context)
  const cut = request.cut ?? 0
  for (let i = cut; i < 0; i++) writer.writeByte(0)
  return writer.copy().subarray(0, Math.max(0, writer.position - Math.max(0, cut)))
}

export function typeName(type: number): string {
  return opName(type) ?? `op${type}`
}

/** Whether the request may change the tree, and so cause notifications on other connections. */
export function mayWrite(body: Body): boolean {
  return writeTypes.has(body.type)
}

const writeTypes = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.multi,
  OpCode.reconfig,
  OpCode.closeSession,
])

function writeBody(writer: JuteWriter, body: Body, context: EncodingContext): void {
  if ('raw' in body) return writer.writeBytes(Buffer.from(body.raw, 'hex'))
  switch (body.type) {
    case 14:
    case 22:
      for (const op of body.ops) {
        writeMultiHeader(writer, op.type, false, -1)
        writeBody(writer, op, context)
      }
      return writeMultiHeader(writer, -1, true, -1)
    case 16:
      for (const servers of [body.joining, body.leaving, body.members])
        writeText(writer, servers, context)
      return writer.writeLong(body.config)
    case 100:
      writer.writeInt(0)
      writeText(writer, body.scheme, context)
      return writeData(writer, body.auth)
    case 101:
    case 105:
      writer.writeLong(context.zxidBehind(body.behind))
      return body.lists.forEach((paths) => writePaths(writer, paths, context))
    case 102:
      return writeData(writer, body.token)
    case 11:
    case 107:
    case -11:
      return
    default:
      writeText(writer, body.path, context)
      writePathFields(writer, body, context)
  }
}

function writePathFields(
  writer: JuteWriter,
  body: Extract<Body, { readonly path: Text }>,
  context: EncodingContext,
): void {
  switch (body.type) {
    case 1:
    case 15:
    case 19:
    case 21:
      writeData(writer, body.data)
      writeAcl(writer, body.acl, context)
      writer.writeInt(body.flags)
      if ('ttl' in body) writer.writeLongBits(BigInt(body.ttl))
      return
    case 5:
      writeData(writer, body.data)
      return writer.writeInt(body.version)
    case 7:
      writeAcl(writer, body.acl, context)
      return writer.writeInt(body.version)
    case 2:
    case 13:
      return writer.writeInt(body.version)
    case 3:
    case 4:
    case 8:
    case 12:
      return writer.writeBoolean(body.watch)
    case 17:
    case 18:
    case 106:
      return writer.writeInt(body.mode)
    case 6:
    case 9:
    case 103:
    case 104:
      return
  }
}

export function textBytes(text: string | { readonly hex: string }, root: string): Uint8Array {
  return typeof text === 'string'
    ? Buffer.from(text.replaceAll('~', root))
    : Buffer.from(text.hex.replaceAll('~', Buffer.from(root).toString('hex')), 'hex')
}

function writeText(writer: JuteWriter, text: Text, context: EncodingContext): void {
  writer.writeBuffer(text === null ? null : textBytes(text, context.root))
}

function writeData(writer: JuteWriter, data: Data): void {
  if (data === null || typeof data === 'string')
    return writer.writeBuffer(data === null ? null : Buffer.from(data))
  writer.writeBuffer(Buffer.alloc(data.length, 'quorum'))
}

function writeAcl(writer: JuteWriter, acl: AclEntries, context: EncodingContext): void {
  writer.writeInt(acl === null ? -1 : acl.length)
  for (const entry of acl ?? []) {
    writer.writeInt(entry.perms)
    writeText(writer, entry.scheme, context)
    writeText(writer, entry.id, context)
  }
}

function writePaths(writer: JuteWriter, paths: Paths, context: EncodingContext): void {
  writer.writeInt(paths === null ? -1 : paths.length)
  for (const path of paths ?? []) writeText(writer, path, context)
}
