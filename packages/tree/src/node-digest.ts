/**
 * The digest of a tree, version 2 (ZOOKEEPER-3114): the sum modulo 2^64 over its nodes of
 *
 *     CRC-32( path ("/" counts as "") · data · czxid mzxid pzxid ctime mtime · version cversion aversion · ephemeralOwner )
 *
 * with the stored cversion. What stands below /zookeeper does not count; /zookeeper itself does.
 *
 * The CRC over path and data is kept with each node, so a change of the stat alone never reads the data again.
 */
import { type Platform, writeInt32, writeLong } from '@quorate/protocol'
import type { DigestHalves } from './snapshot-image.ts'

/** The numbers of a node that its digest covers. */
export interface DigestedStat {
  readonly czxid: number
  readonly mzxid: number
  readonly pzxid: number
  readonly ctime: number
  readonly mtime: number
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly ownerHigh: number
  readonly ownerLow: number
}

export class NodeDigester {
  readonly #platform: Platform
  readonly #stat = new Uint8Array(60)

  constructor(platform: Platform) {
    this.#platform = platform
  }

  pathCrc(bytes: Uint8Array, start: number, end: number): number {
    return end - start <= 1 ? 0 : this.#platform.crc32(0, bytes, start, end)
  }

  /** Continues {@link pathCrc} over the data; null data (`end < start`) counts as none. */
  contentCrc(pathCrc: number, bytes: Uint8Array, start: number, end: number): number {
    return end <= start ? pathCrc : this.#platform.crc32(pathCrc, bytes, start, end)
  }

  digest(contentCrc: number, node: DigestedStat): number {
    const stat = this.#stat
    writeLong(stat, 0, node.czxid)
    writeLong(stat, 8, node.mzxid)
    writeLong(stat, 16, node.pzxid)
    writeLong(stat, 24, node.ctime)
    writeLong(stat, 32, node.mtime)
    writeInt32(stat, 40, node.version)
    writeInt32(stat, 44, node.cversion)
    writeInt32(stat, 48, node.aversion)
    writeInt32(stat, 52, node.ownerHigh)
    writeInt32(stat, 56, node.ownerLow)
    return this.#platform.crc32(contentCrc, stat, 0, 60)
  }
}

const systemPrefix = Uint8Array.from('/zookeeper/', (letter) => letter.charCodeAt(0))

/** Whether a path stands below /zookeeper, where digests do not reach. */
export function isBelowSystemRoot(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < systemPrefix.length) return false
  for (let i = 0; i < systemPrefix.length; i++)
    if (bytes[start + i] !== systemPrefix[i]) return false
  return true
}

/** A sum modulo 2^64 in two halves. */
export class DigestSum implements DigestHalves {
  high = 0
  low = 0

  /** @param digest unsigned, 32 bits */
  add(digest: number): void {
    const low = (this.low >>> 0) + digest
    this.low = low | 0
    if (low > 0xffff_ffff) this.high = (this.high + 1) | 0
  }

  subtract(digest: number): void {
    const low = (this.low >>> 0) - digest
    this.low = low | 0
    if (low < 0) this.high = (this.high - 1) | 0
  }

  set(other: DigestHalves): void {
    this.high = other.high
    this.low = other.low
  }

  equals(other: DigestHalves): boolean {
    return this.high === other.high && this.low === other.low
  }
}

/** Sixteen hex digits at most, as logs show a digest. */
export function formatDigest(digest: DigestHalves): string {
  return ((BigInt(digest.high >>> 0) << 32n) | BigInt(digest.low >>> 0)).toString(16)
}
