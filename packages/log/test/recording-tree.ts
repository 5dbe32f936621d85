/** A stand-in for the tree: keeps what a snapshot held in its order, and writes it out again. */
import { acl as aclCodec, type Acl, type JuteWriter, type SessionId } from '@quorate/protocol'
import type { DigestHalves, SnapshotImage, TreeLoader } from '@quorate/tree'

export interface RecordedNode {
  readonly path: string
  readonly data: Uint8Array | null
  readonly aclId: number
  readonly stat: Uint8Array
}

export class RecordingTree implements TreeLoader {
  readonly sessions: [SessionId, number][] = []
  readonly acls: [number, readonly Acl[]][] = []
  readonly nodes: RecordedNode[] = []
  zxid = -1

  addSession(id: SessionId, timeoutMs: number): void {
    this.sessions.push([id, timeoutMs])
  }

  addAcl(aclId: number, acl: readonly Acl[]): void {
    this.acls.push([aclId, acl])
  }

  addNode(
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataEnd: number,
    aclId: number,
    statAt: number,
  ): void {
    this.nodes.push({
      path: new TextDecoder().decode(bytes.subarray(pathStart, pathEnd)),
      data: dataStart < 0 ? null : bytes.slice(dataStart, dataEnd),
      aclId,
      stat: bytes.slice(statAt, statAt + 60),
    })
  }

  finish(zxid: number): void {
    this.zxid = zxid
  }

  image(zxid: number, digest: DigestHalves): SnapshotImage & { readonly isClosed: boolean } {
    return new RecordedImage(this, zxid, digest)
  }
}

class RecordedImage implements SnapshotImage {
  readonly zxid: number
  readonly digest: DigestHalves
  readonly outcomes = undefined
  isClosed = false
  readonly #tree: RecordingTree
  #next = 0

  constructor(tree: RecordingTree, zxid: number, digest: DigestHalves) {
    this.#tree = tree
    this.zxid = zxid
    this.digest = digest
  }

  writeNext(writer: JuteWriter, lengthTarget: number): boolean {
    if (this.#next === 0) this.#writeTables(writer)
    const stop = writer.position + lengthTarget
    while (writer.position < stop) {
      const node = this.#tree.nodes[this.#next++]
      if (node === undefined) {
        writer.writeString('/')
        return false
      }
      writer.writeString(node.path)
      writer.writeBuffer(node.data)
      writer.writeLong(node.aclId)
      writer.writeBytes(node.stat)
    }
    return true
  }

  close(): void {
    this.isClosed = true
  }

  #writeTables(writer: JuteWriter): void {
    writer.writeInt(this.#tree.sessions.length)
    for (const [id, timeoutMs] of this.#tree.sessions) {
      writer.writeSessionId(id)
      writer.writeInt(timeoutMs)
    }
    writer.writeInt(this.#tree.acls.length)
    for (const [aclId, entries] of this.#tree.acls) {
      writer.writeLong(aclId)
      writer.writeInt(entries.length)
      for (const entry of entries) aclCodec.encode(writer, entry)
    }
  }
}
