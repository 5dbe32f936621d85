/**
 * A write as the client sent it, as spans of its bytes: one reused object, so that the leader decodes without allocating.
 */
import {
  type Acl,
  bytesEqual,
  CreateMode,
  ErrorCode,
  hasTtl,
  isCreateMode,
  JuteReader,
  OpCode,
  readInt32,
} from '@quorate/protocol'

export class WriteRequest {
  type = 0
  bytes: Uint8Array = new Uint8Array(0)
  /** A null path has no bytes. */
  isPathNull = false
  pathStart = 0
  pathEnd = 0
  /** A view, made once: the checksum and the copy into the transaction both take it whole. */
  data: Uint8Array | null = null
  /** What is wrong with the ACL before its ids are looked at, as an error code, or Ok. */
  aclError: number = ErrorCode.Ok
  /** The encoded ACL vector, a null one included. */
  aclStart = 0
  aclEnd = 0
  flags = 0
  /** 0 unless the operation carries one. */
  ttl = 0
  /** Expected version; −1 matches any. */
  version = -1

  /** Whether a multi may hold this type. setACL is none of them. */
  static isMultiOp(type: number): boolean {
    return (
      isCreate(type) || type === OpCode.delete || type === OpCode.setData || type === OpCode.check
    )
  }

  /** @throws JuteError when the bytes are not such a record */
  read(type: number, reader: JuteReader): void {
    this.type = type
    this.bytes = reader.bytes
    this.data = null
    const pathLength = reader.skipBuffer()
    this.isPathNull = pathLength < 0
    this.pathEnd = reader.position
    this.pathStart = reader.position - Math.max(0, pathLength)
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

  /** Whether there is an ACL vector, and no null in it. */
  get isAclReadable(): boolean {
    return this.aclError === ErrorCode.Ok && readInt32(this.bytes, this.aclStart) >= 0
  }

  get dataLength(): number {
    return this.data?.length ?? 0
  }

  get isSequential(): boolean {
    const { flags } = this
    return (
      flags === CreateMode.persistentSequential ||
      flags === CreateMode.ephemeralSequential ||
      flags === CreateMode.persistentSequentialWithTtl
    )
  }

  /** Whether it is a create whose flags speak of a time to live that its record has no field for. */
  get lacksTtl(): boolean {
    const { type, flags } = this
    return isCreate(type) && type !== OpCode.createTTL && isCreateMode(flags) && hasTtl(flags)
  }

  get isEphemeral(): boolean {
    return this.flags === CreateMode.ephemeral || this.flags === CreateMode.ephemeralSequential
  }

  /** The ACL that was asked for, when there is no {@link aclError}; null: there is no vector. */
  readAcl(): readonly Acl[] | null {
    const reader = new JuteReader(this.bytes, this.aclStart, this.aclEnd, {
      lengthMax: 0x7fff_ffff,
    })
    const count = reader.readCount()
    if (count < 0) return null
    const acl: Acl[] = []
    for (let i = 0; i < count; i++) {
      const perms = reader.readInt()
      acl.push({ perms, id: { scheme: reader.readString() ?? '', id: reader.readString() ?? '' } })
    }
    return acl
  }

  #readData(reader: JuteReader): void {
    this.data = reader.readBuffer()
  }

  #readAcl(reader: JuteReader): void {
    this.aclStart = reader.position
    this.aclError = readAclError(reader)
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

const authScheme = Uint8Array.of(0x61, 0x75, 0x74, 0x68)

function isAuth(scheme: Uint8Array): boolean {
  return bytesEqual(scheme, authScheme)
}

/**
 * Steps over a vector of ACLs. A null scheme is no scheme that exists; a null id Apache fails to look at, but with the scheme
 * `auth` it does not try to, and clients do send null there.
 */
function readAclError(reader: JuteReader): number {
  let error: number = ErrorCode.Ok
  const count = reader.readCount()
  for (let i = 0; i < count; i++) {
    reader.readInt()
    const schemeLength = reader.skipBuffer()
    const schemeEnd = reader.position
    const isIdNull = reader.skipBuffer() < 0
    if (error !== ErrorCode.Ok) continue
    if (schemeLength < 0) error = ErrorCode.InvalidACL
    else if (isIdNull && !isAuth(reader.bytes.subarray(schemeEnd - schemeLength, schemeEnd)))
      error = ErrorCode.MarshallingError
  }
  return error
}
