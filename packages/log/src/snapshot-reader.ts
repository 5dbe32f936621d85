/**
 * Reads a snapshot into a tree, on raw bytes: a node becomes no object and no string on its way.
 *
 * A snapshot of which any seal doesn't match is never served: the loader's `finish` is called after the last seal.
 */
import {
  type Acl,
  type Platform,
  purePlatform,
  readInt32,
  readLong,
  readSessionId,
  statPersistedLength,
  type Zxid,
} from '@quorate/protocol'
import type { DigestHalves, TreeLoader } from '@quorate/tree'
import {
  type ByteSource,
  bytesSource,
  chunkBytesDefault,
  ChunkReader,
  fileSource,
} from './chunk-reader.ts'
import type { Decompressor } from './compression.ts'
import type { SnapshotFile } from './data-directories.ts'
import type { Disk, DiskFile } from './disk.ts'
import { LogError, type LogErrorCode } from './log-error.ts'
import { isOutcomeSection, readOutcomeHead, readOutcomes } from './outcome-section.ts'
import { isSnappyMagic, SnappySource } from './snappy.ts'
import {
  digestSectionLength,
  isEnd,
  isSeal,
  isSnapshotHeader,
  sealLength,
  snapshotDigestVersion,
  snapshotHeaderLength,
  zxidSectionLength,
} from './snapshot-format.ts'

export interface ReadSnapshotOptions {
  readonly disk: Disk
  readonly snapshot: SnapshotFile
  /** Of an empty tree. */
  readonly loader: TreeLoader
  readonly platform?: Platform
  /** Without one a gz snapshot is refused. */
  readonly decompressor?: Decompressor | undefined
}

/** What a snapshot says beyond the tree. */
export interface SnapshotSections {
  /** The tree's digest at a zxid (for Apache's fuzzy snapshots one behind the file's name); undefined when none is known. */
  readonly digest: { readonly zxid: Zxid; readonly halves: DigestHalves } | undefined
  readonly lastZxid: Zxid | undefined
}

/** Longest path, data or ACL string. */
const lengthMax = 64 * 1_048_576
const checkBytes = 16

/** Whether the file may be a whole snapshot, judged by its first or last bytes as Apache does. */
export function isPlausibleSnapshot(disk: Disk, snapshot: SnapshotFile): boolean {
  const file = disk.openForRead(snapshot.path)
  try {
    const size = file.size()
    if (size < 10) return false
    const bytes = new Uint8Array(checkBytes)
    if (snapshot.compression === 'none') {
      return file.read(bytes, 0, 5, size - 5) === 5 && isEnd(bytes, 0)
    }
    file.read(bytes, 0, 8, 0)
    if (snapshot.compression === 'gz') return bytes[0] === 0x1f && bytes[1] === 0x8b
    return isSnappyMagic(bytes)
  } finally {
    file.close()
  }
}

/**
 * Feeds the loader and finishes it at the zxid in the file's name.
 * @throws LogError SNAPSHOT_DAMAGED, SNAPSHOT_SEAL, SNAPSHOT_COMPRESSION, SNAPSHOT_REFUSED; the tree is of no use then
 */
export function readSnapshot(options: ReadSnapshotOptions): SnapshotSections {
  const { disk, snapshot, loader } = options
  const file = disk.openForRead(snapshot.path)
  try {
    const chunks = new ChunkReader(sourceOf(file, options), {
      platform: options.platform ?? purePlatform,
      chunkBytes: Math.min(chunkBytesDefault, file.size() + 1),
    })
    const sections = new SnapshotParser(chunks, options).parse()
    loader.finish(snapshot.zxid)
    return sections
  } catch (error) {
    if (error instanceof LogError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new LogError('SNAPSHOT_REFUSED', `the snapshot can't be loaded: ${message}`, {
      file: snapshot.path,
      cause: error,
    })
  } finally {
    file.close()
  }
}

function sourceOf(file: DiskFile, options: ReadSnapshotOptions): ByteSource {
  const { snapshot, decompressor } = options
  if (snapshot.compression === 'none') return fileSource(file)
  if (snapshot.compression === 'snappy') return new SnappySource(fileSource(file), snapshot.path)
  const bytes = new Uint8Array(file.size())
  const count = file.read(bytes, 0, bytes.length, 0)
  try {
    if (decompressor === undefined) throw new Error('there is no decompressor for gz')
    return bytesSource(decompressor.gunzip(bytes.subarray(0, count)))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new LogError('SNAPSHOT_COMPRESSION', `the file can't be decompressed: ${message}`, {
      file: snapshot.path,
      cause: error,
    })
  }
}

class SnapshotParser {
  readonly #chunks: ChunkReader
  readonly #path: string
  readonly #loader: TreeLoader
  readonly #platform: Platform

  constructor(chunks: ChunkReader, options: ReadSnapshotOptions) {
    this.#platform = options.platform ?? purePlatform
    this.#chunks = chunks
    this.#path = options.snapshot.path
    this.#loader = options.loader
  }

  parse(): SnapshotSections {
    this.#need(snapshotHeaderLength)
    if (!isSnapshotHeader(this.#chunks.bytes, this.#chunks.position)) {
      this.#refuse('the file does not start with "ZKSN"')
    }
    this.#chunks.position += snapshotHeaderLength
    this.#readSessions()
    this.#readAcls()
    this.#readNodes()
    this.#readSeal()
    return this.#readSections()
  }

  #readSessions(): void {
    for (let count = this.#readCount('session'); count > 0; count--) {
      this.#need(12)
      const { bytes, position } = this.#chunks
      this.#chunks.position += 12
      this.#loader.addSession(readSessionId(bytes, position), readInt32(bytes, position + 8))
    }
  }

  #readAcls(): void {
    for (let count = this.#readCount('ACL'); count > 0; count--) {
      const aclId = this.#readLong()
      const acl: Acl[] = []
      for (let entries = this.#readCount('ACL entry'); entries > 0; entries--) {
        const perms = this.#readInt()
        acl.push({ perms, id: { scheme: this.#readString(), id: this.#readString() } })
      }
      this.#loader.addAcl(aclId, acl)
    }
  }

  /** ustring path · buffer data · long aclId · StatPersisted, until the path is "/". */
  #readNodes(): void {
    const chunks = this.#chunks
    for (;;) {
      this.#need(5)
      if (isEnd(chunks.bytes, chunks.position)) break
      const pathLength = this.#lengthAt(0, 'path')
      if (pathLength < 0) this.#refuse('a path is null')
      this.#need(8 + pathLength)
      const dataLength = this.#lengthAt(4 + pathLength, 'data')
      const length = 8 + pathLength + Math.max(dataLength, 0) + 8 + statPersistedLength
      this.#need(length)
      const pathStart = chunks.position + 4
      const dataStart = pathStart + pathLength + 4
      const dataEnd = dataStart + Math.max(dataLength, 0)
      this.#loader.addNode(
        chunks.bytes,
        pathStart,
        pathStart + pathLength,
        dataLength < 0 ? -1 : dataStart,
        dataLength < 0 ? -1 : dataEnd,
        readLong(chunks.bytes, dataEnd),
        dataEnd + 8,
      )
      chunks.position += length
    }
    chunks.position += 5
  }

  #readSections(): SnapshotSections {
    const chunks = this.#chunks
    let digest: SnapshotSections['digest']
    let lastZxid: Zxid | undefined
    while (chunks.ensure(1)) {
      if (lastZxid === undefined && this.#isSealAt(zxidSectionLength)) {
        lastZxid = readLong(chunks.bytes, chunks.position)
        chunks.position += zxidSectionLength
      } else if (digest === undefined && this.#isSealAt(digestSectionLength)) {
        digest = this.#takeDigest()
      } else if (isOutcomeSection(chunks)) this.#readOutcomes()
      else this.#skipUnknown()
      this.#readSeal()
    }
    return { digest, lastZxid }
  }

  #takeDigest(): SnapshotSections['digest'] {
    const { bytes, position } = this.#chunks
    this.#chunks.position += digestSectionLength
    const zxid = readLong(bytes, position)
    if (zxid === 0 || readInt32(bytes, position + 8) !== snapshotDigestVersion) return undefined
    const halves = { high: readInt32(bytes, position + 12), low: readInt32(bytes, position + 16) }
    return { zxid, halves }
  }

  #readOutcomes(): void {
    const { bounds, entriesLength } = readOutcomeHead(this.#chunks)
    const entries = readOutcomes(this.#chunks, entriesLength, (length) => this.#need(length))
    this.#loader.loadOutcomes?.(bounds, entries)
    // Those that nobody wanted are passed over.
    while (entries.next().done !== true);
  }

  /** Sections of other versions (an older digest, say) are passed over, up to the seal at the file's end. */
  #skipUnknown(): void {
    const chunks = this.#chunks
    while (chunks.ensure(sealLength + 1)) chunks.position += chunks.available - sealLength
  }

  #isSealAt(distance: number): boolean {
    const chunks = this.#chunks
    if (!chunks.ensure(distance + sealLength)) return false
    const { bytes, position } = chunks
    const end = position + distance
    const checksum = this.#platform.adler32(chunks.checksum(), bytes, position, end)
    return isSeal(bytes, end, checksum)
  }

  #readSeal(): void {
    if (!this.#isSealAt(0)) {
      this.#refuse(
        'the seal here does not match the bytes before it, so something in them is damaged',
        'SNAPSHOT_SEAL',
      )
    }
    this.#chunks.position += sealLength
  }

  #readInt(): number {
    this.#need(4)
    const at = this.#chunks.position
    this.#chunks.position += 4
    return readInt32(this.#chunks.bytes, at)
  }

  #readLong(): number {
    this.#need(8)
    const at = this.#chunks.position
    this.#chunks.position += 8
    return readLong(this.#chunks.bytes, at)
  }

  /** −1 (a null vector) counts as none. */
  #readCount(what: string): number {
    const count = this.#readInt()
    if (count < -1) this.#refuse(`the ${what} count is ${count}; 0 or more is allowed`)
    return count
  }

  #readString(): string {
    this.#need(4)
    const length = Math.max(this.#lengthAt(0, 'ACL string'), 0)
    this.#need(4 + length)
    const start = this.#chunks.position + 4
    this.#chunks.position = start + length
    return this.#platform.utf8Decode(this.#chunks.bytes, start, start + length)
  }

  #lengthAt(distance: number, what: string): number {
    const length = readInt32(this.#chunks.bytes, this.#chunks.position + distance)
    if (length < -1 || length > lengthMax) {
      this.#refuse(`the length of a ${what} is ${length}; −1 (null) to ${lengthMax} is allowed`)
    }
    return length
  }

  #need(length: number): void {
    if (length > 2 * lengthMax || !this.#chunks.ensure(length))
      this.#refuse(`the file ends where ${length} bytes must follow`)
  }

  #refuse(message: string, code: LogErrorCode = 'SNAPSHOT_DAMAGED'): never {
    throw new LogError(code, message, { file: this.#path, offset: this.#chunks.offset })
  }
}
