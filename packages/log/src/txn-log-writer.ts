/**
 * The transaction log, written.
 *
 * 1. `done` of a sync is called without an error only when all that was appended before the sync is durable, and with it the
 *    name of its file.
 * 2. Records are on disk in the order of the appends; a crash leaves a prefix of them.
 * 3. After one failed write or sync nothing is appended any more: what a failed fsync leaves behind is unknown, and a second
 *    one that succeeds proves nothing about the first one's pages.
 */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import { logName } from './data-directories.ts'
import type { Disk, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { LogFile } from './log-file.ts'
import {
  frameLength,
  frameStartLength,
  logHeaderLength,
  writeFrame,
  writeLogHeader,
} from './log-format.ts'
import { Preallocation } from './preallocation.ts'

export interface TxnLogOptions {
  readonly platform: Platform
  /** The most that zeros are written ahead at once (`preAllocSize`); 0 or less: not at all. */
  readonly preallocateBytes: number
  /** A file that is larger after a sync is followed by a new one (`txnLogSizeLimitInKb`); 0 or less: no limit. */
  readonly fileSizeMax: number
  /** False (`forceSync=no`): done is called after the write; a power failure may lose what was acknowledged. */
  readonly isSyncForced: boolean
}

export const txnLogDefaults: TxnLogOptions = {
  platform: purePlatform,
  preallocateBytes: 64 * 1_048_576,
  fileSizeMax: -1,
  isSyncForced: true,
}

/** Records that go to one file with one write. */
interface Batch {
  /** Given: the batch is the start of a new file of this name. */
  readonly startsFileAt: Zxid | undefined
  bytes: Uint8Array
  length: number
}

const batchBytesMin = 64 * 1_024
/** Larger buffers are not kept for the next batch. */
const batchBytesKept = 2 * 1_048_576
const sparesMax = 2

export class TxnLog {
  readonly #disk: Disk
  readonly #directory: string
  readonly #options: TxnLogOptions
  readonly #preallocation: Preallocation
  #file: LogFile | undefined
  /** What was appended since the last sync began: several batches only after a roll. */
  #pending: Batch[] = []
  /** Buffers of batches that were written: one fills while another is being synced. */
  readonly #spares: Uint8Array[] = []
  #startsFile = true
  #lastZxid: Zxid = -1
  #bytesSinceRoll = 0
  #failure: LogError | undefined

  /** @param directory the version-2 folder of dataLogDir; it must be there */
  constructor(disk: Disk, directory: string, options: Partial<TxnLogOptions> = {}) {
    this.#disk = disk
    this.#directory = directory
    this.#options = { ...txnLogDefaults, ...options }
    this.#preallocation = new Preallocation(this.#options)
  }

  /** Bytes of records since the start or the last {@link roll}. */
  get bytesSinceRoll(): number {
    return this.#bytesSinceRoll
  }

  /** What made the log refuse appends, if anything did. */
  get failure(): LogError | undefined {
    return this.#failure
  }

  /**
   * Takes a copy of a transaction; it is written by the next {@link sync}.
   * @throws LogError LOG_FAILED after a failure, LOG_ORDER when `zxid` doesn't grow
   */
  append(zxid: Zxid, txn: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    if (zxid <= this.#lastZxid) {
      throw new LogError('LOG_ORDER', `zxid ${zxid} was appended after ${this.#lastZxid}`)
    }
    this.#lastZxid = zxid
    const batch = this.#batchFor(zxid)
    const at = batch.length
    const end = at + frameLength + txn.length
    if (end > batch.bytes.length) growBatch(batch, end)
    const { platform } = this.#options
    platform.copy(txn, 0, txn.length, batch.bytes, at + frameStartLength)
    writeFrame(batch.bytes, at, txn.length, platform)
    batch.length = end
    this.#bytesSinceRoll += end - at
  }

  /** Makes all appended so far durable, with one write and one sync (but after a roll), then calls `done`. One at a time. */
  sync(done: Done): void {
    if (this.#failure !== undefined) return done(this.#failure)
    const batches = this.#pending
    this.#pending = []
    this.#writeBatches(batches, 0, done)
  }

  /** What is appended from now on goes to a new file. */
  roll(): void {
    if (this.#bytesSinceRoll === 0) return
    this.#startsFile = true
    this.#bytesSinceRoll = 0
  }

  /** Syncs what is pending and closes the file; no sync may be under way. */
  close(done: Done): void {
    this.sync((error) => {
      const file = this.#file
      this.#file = undefined
      this.#failure ??= new LogError('LOG_CLOSED', 'the log was closed')
      // After a failure the file is left as it is: nothing more may be written to it.
      if (error !== undefined || file === undefined) done(error)
      else file.close(done)
    })
  }

  #batchFor(zxid: Zxid): Batch {
    const last = this.#pending.at(-1)
    if (last !== undefined && !this.#startsFile) return last
    const bytes = this.#spares.pop() ?? new Uint8Array(batchBytesMin)
    const batch: Batch = { startsFileAt: this.#startsFile ? zxid : undefined, bytes, length: 0 }
    if (this.#startsFile) {
      writeLogHeader(bytes, 0)
      batch.length = logHeaderLength
      this.#startsFile = false
    }
    this.#pending.push(batch)
    return batch
  }

  #writeBatches(batches: readonly Batch[], index: number, done: Done): void {
    const batch = batches[index]
    if (batch === undefined) return this.#finishSync(done)
    this.#withFileFor(batch, (openError, file) => {
      if (file === undefined) return this.#fail(openError, done)
      file.append(batch.bytes, 0, batch.length, (error) => {
        if (error !== undefined) return this.#fail(error, done)
        if (!this.#makeNameDurable(batch, done)) return
        this.#keepSpare(batch.bytes)
        this.#writeBatches(batches, index + 1, done)
      })
    })
  }

  #keepSpare(bytes: Uint8Array): void {
    if (bytes.length <= batchBytesKept && this.#spares.length < sparesMax) this.#spares.push(bytes)
  }

  #finishSync(done: Done): void {
    const { fileSizeMax } = this.#options
    if (fileSizeMax > 0 && (this.#file?.position ?? 0) > fileSizeMax && !this.#hasNewFilePending())
      this.roll()
    done()
    // After done: the sync that it may have begun goes first.
    if (this.#failure === undefined && !this.#startsFile) this.#file?.extend()
  }

  #hasNewFilePending(): boolean {
    return this.#pending.some((batch) => batch.startsFileAt !== undefined)
  }

  /** Hands over the file that the batch goes to: the current one, or a new one in its place. */
  #withFileFor(batch: Batch, ready: (error: Error | undefined, file?: LogFile) => void): void {
    const zxid = batch.startsFileAt
    if (zxid === undefined) return ready(undefined, this.#file)
    const before = this.#file
    if (before === undefined) return this.#createFile(zxid, ready)
    this.#file = undefined
    before.close((error) => (error === undefined ? this.#createFile(zxid, ready) : ready(error)))
  }

  #createFile(zxid: Zxid, ready: (error: Error | undefined, file?: LogFile) => void): void {
    const name = logName(zxid)
    const path = `${this.#directory}/${name}`
    try {
      if (this.#disk.list(this.#directory).includes(name)) {
        throw new LogError('LOG_FILE_EXISTS', 'a file of this name is there already', {
          file: path,
        })
      }
      this.#file = new LogFile(this.#disk, path, {
        isSyncForced: this.#options.isSyncForced,
        preallocation: this.#preallocation,
      })
    } catch (error) {
      return ready(asError(error))
    }
    ready(undefined, this.#file)
  }

  #makeNameDurable(batch: Batch, done: Done): boolean {
    if (batch.startsFileAt === undefined || !this.#options.isSyncForced) return true
    try {
      this.#disk.syncDirectory(this.#directory)
      return true
    } catch (error) {
      this.#fail(asError(error), done)
      return false
    }
  }

  #fail(cause: Error | undefined, done: Done): void {
    this.#failure ??= new LogError(
      'LOG_FAILED',
      `the transaction log could not be written (${cause?.message ?? 'it has no file'}), so nothing more is appended; mend the disk and restart the server`,
      { file: this.#file?.path ?? this.#directory, cause },
    )
    done(this.#failure)
  }
}

function growBatch(batch: Batch, length: number): void {
  const larger = new Uint8Array(Math.max(2 * batch.bytes.length, length))
  larger.set(batch.bytes.subarray(0, batch.length))
  batch.bytes = larger
}
