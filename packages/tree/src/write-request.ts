/**
 * A write as the client sent it, as spans of its bytes: one reused object, so that the leader decodes without allocating.
 */
import { CreateMode, JuteError, type JuteReader, OpCode } from '@quorate/protocol'
import { skipAclVector } from './txn-op.ts'

export class WriteRequest {
  type = 0
  bytes: Uint8Array = new Uint8Array(0)
  pathStart = 0
  pathEnd = 0
  /** Null data ends before it starts. */
  dataStart = 0
  dataEnd = -1
  /** The encoded ACL vector, a null one included. */
  aclStart = 0
  aclEnd = 0
  flags = 0
  /** 0 unless the operation carries one. */
  ttl = 0
  /** Expected version; −1 matches any. */
  version = -1

  /** Whether a request type is a write that this class reads. */
  static isKnown(type: number): boolean {
    return (
      isCreate(type) ||
      type === OpCode.delete ||
      type === OpCode.setData ||
      type === OpCode.setACL ||
      type === OpCode.check
    )
  }

  /** @throws JuteError when the bytes are not such a record, or its path is null */
  read(type: number, reader: JuteReader): void {
    this.type = type
    this.bytes = reader.bytes
    const pathLength = reader.skipBuffer()
    if (pathLength < 0) throw new JuteError('JUTE_NULL', 'the path of a request is null')
    this.pathEnd = reader.position
    this.pathStart = reader.position - pathLength
    if (isCreate(type)) {
      this.#readData(reader)
      this.#readAcl(reader)
      this.flags = reader.readInt()
      this.ttl = type === OpCode.createTTL ? readTtl(reader) : 0
      return
    }
    if (type === OpCode.setData) this.#readData(reader)
    if (type === OpCode.setACL) this.#readAcl(reader)
    this.version = reader.readInt()
  }

  get dataLength(): number {
    return Math.max(0, this.dataEnd - this.dataStart)
  }

  get isSequential(): boolean {
    const { flags } = this
    return (
      flags === CreateMode.persistentSequential ||
      flags === CreateMode.ephemeralSequential ||
      flags === CreateMode.persistentSequentialWithTtl
    )
  }

  get isEphemeral(): boolean {
    return this.flags === CreateMode.ephemeral || this.flags === CreateMode.ephemeralSequential
  }

  #readData(reader: JuteReader): void {
    const length = reader.skipBuffer()
    this.dataEnd = length < 0 ? -1 : reader.position
    this.dataStart = length < 0 ? 0 : reader.position - length
  }

  #readAcl(reader: JuteReader): void {
    this.aclStart = reader.position
    skipAclVector(reader)
    this.aclEnd = reader.position
  }
}

export function isCreate(type: number): boolean {
  return (
    type === OpCode.create ||
    type === OpCode.create2 ||
    type === OpCode.createContainer ||
    type === OpCode.createTTL
  )
}

/** Any 64 bits may come; what is no safe integer is out of range as well, and is told so by its own code later. */
function readTtl(reader: JuteReader): number {
  return Number(reader.readLongBits())
}
