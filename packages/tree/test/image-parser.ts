/** Reads the middle of a snapshot, from the sessions to the closing "/", into a tree's loader. */
import { type Acl, acl, JuteReader, statPersistedLength, vector } from '@quorate/protocol'
import type { TreeLoader } from '@quorate/tree'

/** What an image holds, as data. */
export interface ParsedImage {
  readonly sessions: readonly (readonly [id: bigint, timeoutMs: number])[]
  readonly acls: readonly (readonly [aclId: number, acl: readonly Acl[]])[]
  /** In the order of the file; of each node the bytes from the data on. */
  readonly nodes: readonly (readonly [path: string, rest: string])[]
}

const acls = vector(acl)

/** @returns where the reader stands behind the closing "/" */
export function parseImage(reader: JuteReader, loader?: TreeLoader): ParsedImage {
  const sessions: (readonly [bigint, number])[] = []
  for (let count = reader.readInt(); count > 0; count--) {
    const id = reader.readSessionId()
    const timeoutMs = reader.readInt()
    sessions.push([id, timeoutMs])
    loader?.addSession(id, timeoutMs)
  }
  const lists: (readonly [number, readonly Acl[]])[] = []
  for (let count = reader.readInt(); count > 0; count--) {
    const aclId = reader.readLong()
    const list = acls.decode(reader)
    lists.push([aclId, list])
    loader?.addAcl(aclId, list)
  }
  const nodes: (readonly [string, string])[] = []
  for (;;) {
    const path = reader.readString()!
    if (path === '/') break
    const pathEnd = reader.position
    const pathStart = pathEnd - Buffer.byteLength(path)
    const length = reader.skipBuffer()
    const dataEnd = reader.position
    const aclId = reader.readLong()
    const statAt = reader.position
    reader.position += statPersistedLength
    loader?.addNode(
      reader.bytes,
      pathStart,
      pathEnd,
      length < 0 ? -1 : dataEnd - length,
      length < 0 ? -1 : dataEnd,
      aclId,
      statAt,
    )
    nodes.push([path, Buffer.from(reader.bytes.subarray(pathEnd, reader.position)).toString('hex')])
  }
  return { sessions, acls: lists, nodes }
}

/** The transactions of a log file, without looking at their checksums. */
export function logRecords(file: Uint8Array): Uint8Array[] {
  const reader = new JuteReader(file, 16)
  const records: Uint8Array[] = []
  while (reader.remaining >= 12) {
    reader.position += 8
    const record = reader.readBuffer()
    if (record === null || record.length === 0) break
    records.push(record)
    reader.position++
  }
  return records
}
