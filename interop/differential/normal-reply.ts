/**
 * Frames from a server in normal form: every byte is kept, but for zxids, times, session ids and the order of
 * lists that have none. Equal normal forms mean that the servers said the same.
 */
import { JuteReader, JuteWriter, OpCode } from '@quorate/protocol'
import type { ServerView } from './server-view.ts'

/** Copies one field or record from the reader to the writer, made comparable. */
type Transcription = (reader: JuteReader, writer: JuteWriter, view: ServerView) => void

const text: Transcription = (reader, writer) => writer.writeBuffer(reader.readBuffer())
const int: Transcription = (reader, writer) => writer.writeInt(reader.readInt())

const stat: Transcription = (reader, writer, view) => {
  const czxid = reader.readLong()
  const mzxid = reader.readLong()
  writer.writeLong(view.zxid(czxid))
  writer.writeLong(view.zxid(mzxid))
  writer.writeLong(view.time(czxid, reader.readLong()))
  writer.writeLong(view.time(mzxid, reader.readLong()))
  for (let i = 0; i < 3; i++) int(reader, writer, view)
  writer.writeLong(view.sessionNumber(reader.readLongBits()))
  int(reader, writer, view)
  int(reader, writer, view)
  writer.writeLong(view.zxid(reader.readLong()))
}

const aclEntry: Transcription = (reader, writer, view) => {
  int(reader, writer, view)
  text(reader, writer, view)
  text(reader, writer, view)
}

const texts = unorderedList(text)
/** In no order: `auth` expands to the identities of the connection, which the reference keeps in a hash set. */
const acl = unorderedList(aclEntry)
const clientInfos = unorderedList((reader, writer, view) => {
  text(reader, writer, view)
  text(reader, writer, view)
})

const transcriptions = new Map<number, Transcription>([
  [OpCode.create, text],
  [OpCode.create2, sequence(text, stat)],
  [OpCode.createContainer, sequence(text, stat)],
  [OpCode.createTTL, sequence(text, stat)],
  [OpCode.exists, stat],
  [OpCode.getData, sequence(text, stat)],
  [OpCode.setData, stat],
  [OpCode.getACL, sequence(acl, stat)],
  [OpCode.setACL, stat],
  [OpCode.getChildren, texts],
  [OpCode.sync, text],
  [OpCode.getChildren2, sequence(texts, stat)],
  [OpCode.multi, multiResults],
  [OpCode.multiRead, multiResults],
  [OpCode.reconfig, sequence(text, stat)],
  [OpCode.sasl, text],
  [OpCode.getEphemerals, texts],
  [OpCode.getAllChildrenNumber, int],
  [OpCode.addWatch, int],
  [OpCode.whoAmI, clientInfos],
])

/** Result types of a multi that carry something else than the request of that type would be answered with. */
const multiTranscriptions = new Map<number, Transcription>([
  [OpCode.create, text],
  [OpCode.create2, sequence(text, stat)],
  [OpCode.delete, () => {}],
  [OpCode.check, () => {}],
  [OpCode.setData, stat],
  [OpCode.getData, sequence(text, stat)],
  [OpCode.getChildren, texts],
  [OpCode.error, int],
])

export interface NormalReply {
  readonly xid: number
  readonly zxid: number
  readonly err: number
  /** Behind the header. */
  readonly body: Uint8Array
}

/** @param type of the request; OpCode.notification for a watch event */
export function normaliseReply(type: number, frame: Uint8Array, view: ServerView): NormalReply {
  const reader = new JuteReader(frame)
  const xid = reader.readInt()
  const zxid = reader.readLong()
  const err = reader.readInt()
  view.seeZxid(zxid)
  return { xid, zxid: view.zxid(zxid), err, body: normaliseBody(type, reader, view) }
}

/** A body that cannot be read as it should stays as it is, and so does what follows the record. */
function normaliseBody(type: number, reader: JuteReader, view: ServerView): Uint8Array {
  const start = reader.position
  const writer = new JuteWriter()
  try {
    if (reader.remaining > 0) transcriptions.get(type)?.(reader, writer, view)
  } catch {
    return reader.bytes.slice(start)
  }
  writer.writeBytes(reader.bytes, reader.position, reader.end)
  return writer.copy()
}

/** protocolVersion · timeOut · sessionId · passwd [· readOnly], the password as whether it is the session's own */
export function normaliseConnectResponse(
  frame: Uint8Array,
  view: ServerView,
  isOwnPassword: (sessionId: bigint, password: Uint8Array) => boolean,
): Uint8Array {
  const reader = new JuteReader(frame)
  const writer = new JuteWriter()
  int(reader, writer, view)
  int(reader, writer, view)
  const sessionId = reader.readLongBits()
  writer.writeLong(view.sessionNumber(sessionId))
  const password = reader.readBuffer()
  if (password !== null && isOwnPassword(sessionId, password)) writer.writeString('own password')
  else writer.writeBuffer(password)
  writer.writeBytes(reader.bytes, reader.position, reader.end)
  return writer.copy()
}

function sequence(...parts: readonly Transcription[]): Transcription {
  return (reader, writer, view) => {
    for (const part of parts) part(reader, writer, view)
  }
}

/** Sorts the elements by their bytes. */
function unorderedList(element: Transcription): Transcription {
  return (reader, writer, view) => {
    const count = reader.readInt()
    writer.writeInt(count)
    const elements: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const own = new JuteWriter()
      element(reader, own, view)
      elements.push(own.copy())
    }
    elements.sort((left, right) => Buffer.compare(left, right))
    for (const bytes of elements) writer.writeBytes(bytes)
  }
}

function multiResults(reader: JuteReader, writer: JuteWriter, view: ServerView): void {
  for (;;) {
    const type = reader.readInt()
    const isDone = reader.readBoolean()
    writer.writeInt(type)
    writer.writeBoolean(isDone)
    int(reader, writer, view)
    if (isDone) return
    const transcription = multiTranscriptions.get(type)
    if (transcription === undefined) throw new Error(`a multi result of type ${type}`)
    transcription(reader, writer, view)
  }
}
