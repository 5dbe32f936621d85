import { type Codec, int, long, longBits, record, zxid } from './codec.ts'
import type { Zxid } from './zxid.ts'

/** A znode's metadata as a client sees it; 68 bytes on the wire. Times are ms since 1970. */
export interface Stat {
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly ctime: number
  readonly mtime: number
  /** Changes of the data. */
  readonly version: number
  /** Changes of the children: creates and deletes. Derived from the stored create counter. */
  readonly cversion: number
  /** Changes of the ACL. */
  readonly aversion: number
  /** The session of an ephemeral node, else 0 (for containers and TTL nodes too). */
  readonly ephemeralOwner: bigint
  readonly dataLength: number
  readonly numChildren: number
  /** The transaction that last created or deleted a child. */
  readonly pzxid: Zxid
}

/** By hand: it is in most replies, and a record that is made name by name costs several times as much. */
export const stat: Codec<Stat> = {
  encode(writer, value) {
    writer.writeLong(value.czxid)
    writer.writeLong(value.mzxid)
    writer.writeLong(value.ctime)
    writer.writeLong(value.mtime)
    writer.writeInt(value.version)
    writer.writeInt(value.cversion)
    writer.writeInt(value.aversion)
    writer.writeLongBits(value.ephemeralOwner)
    writer.writeInt(value.dataLength)
    writer.writeInt(value.numChildren)
    writer.writeLong(value.pzxid)
  },
  decode: (reader) => ({
    czxid: reader.readLong(),
    mzxid: reader.readLong(),
    ctime: reader.readLong(),
    mtime: reader.readLong(),
    version: reader.readInt(),
    cversion: reader.readInt(),
    aversion: reader.readInt(),
    ephemeralOwner: reader.readLongBits(),
    dataLength: reader.readInt(),
    numChildren: reader.readInt(),
    pzxid: reader.readLong(),
  }),
}

/** Bytes of a Stat on the wire. */
export const statLength = 68

/** A znode's metadata on disk; 60 bytes. Its cversion is the stored counter of creates, not what clients see. */
export interface StatPersisted {
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly ctime: number
  readonly mtime: number
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly ephemeralOwner: bigint
  readonly pzxid: Zxid
}

export const statPersisted: Codec<StatPersisted> = record({
  czxid: zxid,
  mzxid: zxid,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: longBits,
  pzxid: zxid,
})

/** Bytes of a StatPersisted. */
export const statPersistedLength = 60
