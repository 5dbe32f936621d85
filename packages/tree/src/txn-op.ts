/**
 * One operation of a transaction, as spans of its bytes. A single reused object: applying a transaction allocates nothing.
 */
import { digestVersion, JuteError, type JuteReader, OpCode, readInt32 } from '@quorate/protocol'

export class TxnOp {
  type = 0
  bytes: Uint8Array = new Uint8Array(0)
  pathStart = 0
  pathEnd = 0
  /** Null data ends before it starts. */
  dataStart = 0
  dataEnd = -1
  /** The encoded ACL vector. */
  aclStart = 0
  aclEnd = 0
  isEphemeral = false
  /** −1 in a transaction of before 3.4. */
  parentCversion = -1
  ttl = 0
  /** The new version of data or ACL. */
  version = 0
  err = 0
  timeoutMs = 0
  /** Where the path vector of a closeSession starts, or −1. */
  pathsAt = -1

  /**
   * Reads the record of `type` that starts at the reader's position.
   * @throws JuteError for a type that no server writes or a body that is cut short
   */
  read(type: number, reader: JuteReader): void {
    this.type = type
    this.bytes = reader.bytes
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        this.#readCreate(type, reader)
        break
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.#readPath(reader)
        break
      case OpCode.setData:
      case OpCode.reconfig:
        this.#readPath(reader)
        this.#readData(reader)
        this.version = reader.readInt()
        break
      case OpCode.setACL:
        this.#readPath(reader)
        this.#readAcl(reader)
        this.version = reader.readInt()
        break
      case OpCode.check:
        this.#readPath(reader)
        this.version = reader.readInt()
        break
      case OpCode.error:
        this.err = reader.readInt()
        break
      case OpCode.createSession:
        this.timeoutMs = reader.readInt()
        break
      case OpCode.closeSession:
        this.#readPaths(reader)
        break
      default:
        throw new JuteError(
          'JUTE_UNKNOWN_TYPE',
          `a transaction holds an operation of type ${type}, which no server writes`,
        )
    }
  }

  #readCreate(type: number, reader: JuteReader): void {
    this.#readPath(reader)
    this.#readData(reader)
    this.#readAcl(reader)
    this.ttl = 0
    const hasEphemeralFlag = type === OpCode.create || type === OpCode.create2
    this.isEphemeral = hasEphemeralFlag && reader.readBoolean()
    this.parentCversion = hasEphemeralFlag && reader.remaining < 4 ? -1 : reader.readInt()
    if (type === OpCode.createTTL) this.ttl = reader.readLong()
  }

  #readPath(reader: JuteReader): void {
    const length = reader.skipBuffer()
    if (length < 0) throw new JuteError('JUTE_NULL', 'a transaction has a null path')
    this.pathEnd = reader.position
    this.pathStart = reader.position - length
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

  /** The form before 3.6 has no vector, but maybe the 12 bytes of a digest: two paths would not fit in there. */
  #readPaths(reader: JuteReader): void {
    const isDigest =
      reader.remaining === 12 && readInt32(reader.bytes, reader.position) === digestVersion
    this.pathsAt = reader.remaining === 0 || isDigest ? -1 : reader.position
    if (this.pathsAt < 0) return
    const count = reader.readCount()
    for (let i = 0; i < count; i++) reader.skipBuffer()
  }
}

/** Steps over a vector of ACLs, checking that it is one. */
export function skipAclVector(reader: JuteReader): void {
  const count = reader.readCount()
  for (let i = 0; i < count; i++) {
    reader.readInt()
    if (reader.skipBuffer() < 0 || reader.skipBuffer() < 0)
      throw new JuteError('JUTE_NULL', 'an ACL entry has a null id')
  }
}
