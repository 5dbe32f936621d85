/**
 * The transaction log, read: the records after a zxid, over all files of a directory.
 *
 * 1. Every record that is handed out is whole, and its zxid is larger than the one before.
 * 2. The first record continues `after`, and every file continues the one before it: the next counter, or the start of a later
 *    epoch. A hole is refused.
 * 3. Only the last file may end in a torn record. An earlier one may (Apache leaves it there and starts the next file) when
 *    the next file shows that nothing is missing, as its first zxid is the very next counter.
 */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import { type DataFile, listLogs } from './data-directories.ts'
import type { Disk } from './disk.ts'
import { LogError } from './log-error.ts'
import { LogFileReader } from './log-file-reader.ts'
import { isSuccessor } from './log-format.ts'
import { RepeatedRecords } from './repeated-records.ts'
import type { LogTail } from './torn-tail.ts'

export interface TxnLogReaderOptions {
  readonly disk: Disk
  /** The version-2 folder of dataLogDir. */
  readonly directory: string
  /** Records with larger zxids are read. */
  readonly after: Zxid
  readonly platform?: Platform
}

export class TxnLogReader {
  zxid: Zxid
  /** The current record's txn is `bytes[start, end)`, valid until the next {@link next}. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** Ends of the files that were read to the end. */
  readonly tails: LogTail[] = []
  readonly #disk: Disk
  readonly #after: Zxid
  readonly #platform: Platform
  readonly #files: readonly DataFile[]
  #fileIndex = 0
  #current: LogFileReader | undefined
  #repeated: RepeatedRecords | undefined
  /** Whether no record of the current file was handed out yet. */
  #isFirst = true

  constructor(options: TxnLogReaderOptions) {
    this.#disk = options.disk
    this.#after = options.after
    this.zxid = options.after
    this.#platform = options.platform ?? purePlatform
    const files = listLogs(options.disk, options.directory)
    const first = files.findLastIndex((file) => file.zxid <= options.after + 1)
    this.#files = files.slice(Math.max(first, 0))
  }

  /** The file and offset of the current record. */
  get place(): { readonly file: string; readonly offset: number } {
    return { file: this.#current?.path ?? '', offset: this.#current?.offset ?? 0 }
  }

  /**
   * Steps to the next record; false when there is none.
   * @throws LogError LOG_DAMAGED, LOG_CUT, LOG_HOLE, and all that a LogFileReader throws
   */
  next(): boolean {
    for (;;) {
      const file = this.#current ?? this.#open()
      if (file === undefined) return false
      if (!file.next()) this.#closeFile(file)
      else if (file.zxid > this.#after && !this.#isRepeated(file)) return this.#take(file)
    }
  }

  close(): void {
    this.#repeated?.close()
    this.#current?.close()
    this.#current = undefined
    this.#fileIndex = this.#files.length
  }

  #open(): LogFileReader | undefined {
    const file = this.#files[this.#fileIndex]
    if (file === undefined) return undefined
    this.#current = new LogFileReader(this.#disk, file.path, this.#platform)
    this.#isFirst = true
    return this.#current
  }

  #closeFile(file: LogFileReader): void {
    const tail = file.tail!
    file.close()
    this.#repeated?.close()
    this.#repeated = undefined
    this.#current = undefined
    this.#fileIndex++
    this.tails.push(tail)
    if (tail.kind === 'damaged') {
      throw new LogError(
        'LOG_DAMAGED',
        `${tail.reason}: this is not the end of the log but damage in it; restore the file, or let the server synchronise from the others with empty data folders`,
        tail,
      )
    }
    const next = this.#files[this.#fileIndex]
    if (tail.kind === 'torn' && next !== undefined && next.zxid !== file.zxid + 1) {
      throw new LogError(
        'LOG_CUT',
        `${tail.reason}, and the next file starts at ${hex(next.zxid)}, so records may be missing; only the last file may end so`,
        tail,
      )
    }
  }

  /** Whether a file begins with records of the one before it, as an Apache server leaves them that went on with a new file. */
  #isRepeated(file: LogFileReader): boolean {
    const before = this.#files[this.#fileIndex - 1]
    if (file.zxid > this.zxid || before === undefined) return false
    this.#repeated ??= new RepeatedRecords(
      () => new LogFileReader(this.#disk, before.path, this.#platform),
    )
    return this.#repeated.hold(file)
  }

  #take(file: LogFileReader): true {
    const before = this.zxid
    if (this.#isFirst && !isSuccessor(before, file.zxid)) this.#refuse(file, before)
    this.#isFirst = false
    this.zxid = file.zxid
    this.bytes = file.bytes
    this.start = file.start
    this.end = file.end
    return true
  }

  #refuse(file: LogFileReader, before: Zxid): never {
    if (file.zxid <= before) {
      throw new LogError('LOG_ORDER', `zxid ${hex(file.zxid)} follows ${hex(before)}`, this.place)
    }
    throw new LogError(
      'LOG_HOLE',
      `the log goes on with zxid ${hex(file.zxid)} after ${hex(before)}; what is between is missing. Put the missing log file back, or let the server synchronise from the others with empty data folders`,
      this.place,
    )
  }
}

function hex(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`
}
