/**
 * Reads the records of one log file, in order, through a window; nothing of a record is decoded but its zxid and type.
 *
 * A record that repeats an earlier one to the byte is passed over (see repeated-records.ts): the zxids that are handed out grow.
 */
import { type Platform, purePlatform, readInt32, type Zxid, txnType } from '@quorate/protocol'
import { chunkBytesDefault, ChunkReader, fileSource } from './chunk-reader.ts'
import type { Disk, DiskFile } from './disk.ts'
import { LogError } from './log-error.ts'
import {
  frameLength,
  frameStartLength,
  isFrameValid,
  isKnownTxnType,
  isLogHeader,
  type LogHeader,
  logHeaderLength,
  readLogHeader,
  txnZxid,
  unsyncedBytesMax,
} from './log-format.ts'
import { RepeatedRecords } from './repeated-records.ts'
import { judgeTail, type LogTail } from './torn-tail.ts'

export class LogFileReader {
  readonly path: string
  /** The current record's; −1 before the first. */
  zxid: Zxid = -1
  /** The current record's txn is `bytes[start, end)`, valid until the next {@link next}. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** Where the current record starts in the file. */
  offset = 0
  readonly #disk: Disk
  readonly #file: DiskFile
  readonly #size: number
  readonly #platform: Platform
  readonly #chunks: ChunkReader
  #tail: LogTail | undefined
  #header: LogHeader | undefined
  #repeated: RepeatedRecords | undefined

  constructor(disk: Disk, path: string, platform: Platform = purePlatform) {
    this.path = path
    this.#disk = disk
    this.#file = disk.openForRead(path)
    this.#size = this.#file.size()
    this.#platform = platform
    this.#chunks = new ChunkReader(fileSource(this.#file), {
      chunkBytes: Math.min(chunkBytesDefault, this.#size + 1),
    })
    try {
      this.#readHeader()
    } catch (error) {
      this.#file.close()
      throw error
    }
  }

  /** Undefined when a crash took it, and all records with it. */
  get header(): LogHeader | undefined {
    return this.#header
  }

  /** How the file ends; undefined until {@link next} has returned false. */
  get tail(): LogTail | undefined {
    return this.#tail
  }

  /**
   * Steps to the next whole record. False: there is none, and {@link tail} says what stands behind the last one.
   * @throws LogError LOG_BAD_RECORD, LOG_UNKNOWN_TYPE, LOG_ORDER: the record is whole, but not one that may be there
   */
  next(): boolean {
    const before = this.zxid
    while (this.#step()) {
      if (this.zxid > before) return true
      this.#passRepetition(before)
    }
    return false
  }

  #step(): boolean {
    if (this.#tail !== undefined) return false
    const chunks = this.#chunks
    const remaining = this.#size - chunks.offset
    if (!chunks.ensure(Math.min(frameStartLength, remaining)) || remaining < frameStartLength) {
      return this.#finish('the file ends inside of a record')
    }
    const length = readInt32(chunks.bytes, chunks.position + 8)
    if (length <= 0) return this.#finish(`a record has the length ${length}`)
    const span = frameLength + length
    if (span > remaining || !chunks.ensure(span)) {
      return this.#finish(`a record of ${span} bytes reaches beyond the end of the file`)
    }
    if (!isFrameValid(chunks.bytes, chunks.position, length, this.#platform)) {
      return this.#finish("a record's checksum or end marker is wrong")
    }
    this.#take(length)
    return true
  }

  close(): void {
    this.#repeated?.close()
    this.#file.close()
  }

  /** @throws LogError LOG_ORDER when the record is not the same as one before it */
  #passRepetition(before: Zxid): void {
    this.#repeated ??= new RepeatedRecords(
      () => new LogFileReader(this.#disk, this.path, this.#platform),
    )
    if (!this.#repeated.hold(this))
      this.#refuse('LOG_ORDER', `zxid ${hex(this.zxid)} follows ${hex(before)}`)
    this.zxid = before
  }

  #readHeader(): void {
    const chunks = this.#chunks
    if (this.#size < logHeaderLength || !chunks.ensure(logHeaderLength)) {
      this.#tail = {
        file: this.path,
        offset: 0,
        kind: 'torn',
        reason: `the file has ${this.#size} bytes; its header alone takes ${logHeaderLength}`,
        discardedBytes: this.#size,
      }
      return
    }
    if (isLogHeader(chunks.bytes, chunks.position)) {
      this.#header = readLogHeader(chunks.bytes, chunks.position)
      chunks.position += logHeaderLength
      return
    }
    // The header is written together with the first records: lost sectors can take it along.
    const tail = this.#judge('the header is not that of a log file')
    const isHeaderLost = chunks.bytes.subarray(0, logHeaderLength).every((byte) => byte === 0)
    if (!isHeaderLost || tail.kind === 'damaged' || tail.discardedBytes > unsyncedBytesMax) {
      throw new LogError(
        'LOG_BAD_HEADER',
        'the file does not start with "ZKLG"; it is no transaction log, or its header is damaged',
        { file: this.path, offset: 0 },
      )
    }
    this.#tail = { ...tail, kind: 'torn' }
  }

  #take(length: number): void {
    const chunks = this.#chunks
    const start = chunks.position + frameStartLength
    this.offset = chunks.offset
    this.bytes = chunks.bytes
    this.start = start
    this.end = start + length
    this.zxid = txnZxid(chunks.bytes, start, this.end)
    chunks.position += frameLength + length
    if (this.zxid < 0) {
      this.#refuse(
        'LOG_BAD_RECORD',
        `a record of ${length} bytes holds no transaction with a zxid below epoch 2^21`,
      )
    }
    const type = txnType(chunks.bytes, start)
    if (!isKnownTxnType(type)) {
      this.#refuse(
        'LOG_UNKNOWN_TYPE',
        `the transaction ${hex(this.zxid)} has the type ${type}, which this version does not know`,
      )
    }
  }

  #finish(reason: string): false {
    this.#tail = this.#judge(reason)
    return false
  }

  #judge(reason: string): LogTail {
    return judgeTail({
      file: this.#file,
      path: this.path,
      platform: this.#platform,
      offset: this.#chunks.offset,
      reason,
      lastZxid: this.zxid,
    })
  }

  #refuse(code: 'LOG_BAD_RECORD' | 'LOG_ORDER' | 'LOG_UNKNOWN_TYPE', message: string): never {
    throw new LogError(code, message, { file: this.path, offset: this.offset })
  }
}

function hex(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`
}
