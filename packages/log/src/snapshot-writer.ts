/**
 * Writes a snapshot in slices, so that no turn of the loop is long: the driver calls {@link SnapshotWriter.step} again after each
 * `done`, and lets other work in between.
 *
 * 1. The file gets its name only when all of it is durable; a crash leaves a `.tmp`, never half a snapshot.
 * 2. The image is closed when the last slice is encoded, and on any failure.
 *
 * Compatibility: Apache writes periodic snapshots in place and without a sync; a crash may leave half of one behind.
 */
import { JuteWriter, type Platform, purePlatform } from '@quorate/protocol'
import type { SnapshotImage } from '@quorate/tree'
import type { Compressor } from './compression.ts'
import { snapshotName } from './data-directories.ts'
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { OutcomeSection } from './outcome-section.ts'
import { snapshotDigestVersion, writeSeal, writeSnapshotHeader } from './snapshot-format.ts'

export interface SnapshotWriterOptions {
  readonly platform: Platform
  /** `digest.enabled` */
  readonly writesDigest: boolean
  /** `serializeLastProcessedZxid.enabled` */
  readonly writesLastZxid: boolean
  /** Given: the file is `snapshot.<zxid>.gz`. */
  readonly gzip: Compressor | undefined
  /** Bytes that a step encodes, roughly. */
  readonly sliceBytes: number
}

export const snapshotWriterDefaults: SnapshotWriterOptions = {
  platform: purePlatform,
  writesDigest: true,
  writesLastZxid: true,
  gzip: undefined,
  sliceBytes: 256 * 1_024,
}

/** Called with a failure, with false when there is more to do, or with true when the snapshot is there. */
export type StepDone = (error: Error | undefined, isFinished: boolean) => void

export class SnapshotWriter {
  readonly path: string
  readonly #disk: Disk
  readonly #directory: string
  readonly #image: SnapshotImage
  readonly #options: SnapshotWriterOptions
  readonly #writer: JuteWriter
  #file: DiskFile | undefined
  /** Outlives the open file: from its creation until it has its name. */
  #hasTemporaryFile = false
  #position = 0
  #adler = 1
  /** Bytes of the writer that the checksum covers. */
  #summed = 0
  /** Set when all before it is encoded. */
  #outcomes: OutcomeSection | undefined
  #isEncoded = false
  #isOver = false
  #isRevoked = false

  /** @param directory the version-2 folder of dataDir; it must be there */
  constructor(
    disk: Disk,
    directory: string,
    image: SnapshotImage,
    options: Partial<SnapshotWriterOptions> = {},
  ) {
    this.#disk = disk
    this.#directory = directory
    this.#image = image
    this.#options = { ...snapshotWriterDefaults, ...options }
    const compression = this.#options.gzip === undefined ? 'none' : 'gz'
    this.path = `${directory}/${snapshotName(image.zxid, compression)}`
    this.#writer = new JuteWriter(this.#options.sliceBytes + 4_096, this.#options.platform)
  }

  /** Bytes of the file so far. */
  get writtenBytes(): number {
    return this.#position
  }

  /** Encodes and writes the next slice, or finishes the file. Not to be called again before `done`. */
  step(done: StepDone): void {
    try {
      if (this.#isEncoded) this.#publish(done)
      else this.#writeSlice(done)
    } catch (error) {
      this.#fail(asError(error), done)
    }
  }

  /**
   * The file gets no name any more, whatever step is under way: what it holds is about to be dropped from the history. To be
   * aborted when that step is over.
   */
  revoke(): void {
    this.#isRevoked = true
  }

  /** Gives up: closes the image and removes what was written. Nothing after the end. */
  abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#isEncoded) this.#image.close()
    try {
      this.#closeFile()
    } finally {
      if (this.#hasTemporaryFile) this.#disk.remove(this.#temporaryPath)
    }
  }

  /** Once: a file whose closing failed is closed all the same. */
  #closeFile(): void {
    const file = this.#file
    this.#file = undefined
    file?.close()
  }

  get #temporaryPath(): string {
    return `${this.path}.tmp`
  }

  #writeSlice(done: StepDone): void {
    const writer = this.#writer.clear()
    this.#summed = 0
    if (this.#file === undefined) {
      this.#file = this.#disk.openForWrite(this.#temporaryPath, { truncate: true })
      this.#hasTemporaryFile = true
      writeSnapshotHeader(writer)
    }
    const hasMore = this.#encodeSlice()
    if (!hasMore) {
      this.#isEncoded = true
      this.#image.close()
    } else this.#sum()
    const proceed: Done = (error) => {
      if (error === undefined) done(undefined, false)
      else this.#fail(error, done)
    }
    this.#write(this.#file, !hasMore, proceed)
  }

  /** @returns whether there is more */
  #encodeSlice(): boolean {
    const writer = this.#writer
    const { sliceBytes } = this.#options
    if (this.#outcomes === undefined) {
      if (this.#image.writeNext(writer, sliceBytes)) return true
      this.#writeSections()
      if (!this.#hasOutcomes) return false
      this.#outcomes = new OutcomeSection(this.#image.outcomes!)
      return true
    }
    if (this.#outcomes.writeNext(writer, sliceBytes)) return true
    writeSeal(writer, this.#sum())
    return false
  }

  /** A server that looks for another section would take this one for it. */
  get #hasOutcomes(): boolean {
    const { writesDigest, writesLastZxid } = this.#options
    const { outcomes, zxid } = this.#image
    return writesDigest && writesLastZxid && outcomes !== undefined && zxid > 0
  }

  #writeSections(): void {
    const writer = this.#writer
    const { zxid, digest } = this.#image
    writeSeal(writer, this.#sum())
    if (this.#options.writesDigest) {
      writer.writeLong(zxid)
      writer.writeInt(snapshotDigestVersion)
      // With zxid 0 Apache takes the digest for unknown, and writes 0.
      if (zxid === 0) writer.writeLong(0)
      else writer.writeHalves(digest.high, digest.low)
      writeSeal(writer, this.#sum())
    }
    if (this.#options.writesLastZxid) {
      writer.writeLong(zxid)
      writeSeal(writer, this.#sum())
    }
  }

  #sum(): number {
    const { bytes, position } = this.#writer
    this.#adler = this.#options.platform.adler32(this.#adler, bytes, this.#summed, position)
    this.#summed = position
    return this.#adler
  }

  #write(file: DiskFile, isLast: boolean, done: Done): void {
    const { bytes, position } = this.#writer
    const { gzip } = this.#options
    if (gzip === undefined) return this.#writeBytes(file, bytes.subarray(0, position), done)
    gzip.compress(bytes, 0, position, isLast, (error, compressed) =>
      error === undefined ? this.#writeBytes(file, compressed, done) : done(error),
    )
  }

  #writeBytes(file: DiskFile, bytes: Uint8Array, done: Done): void {
    if (bytes.length === 0) return done()
    file.write(bytes, 0, bytes.length, this.#position, (error) => {
      this.#position += bytes.length
      done(error)
    })
  }

  #publish(done: StepDone): void {
    const file = this.#file!
    file.sync((syncError) => {
      if (syncError !== undefined) return this.#fail(syncError, done)
      try {
        this.#closeFile()
        if (this.#isRevoked) throw new LogError('SNAPSHOT_REVOKED', 'it was revoked')
        this.#disk.rename(this.#temporaryPath, this.path)
        this.#hasTemporaryFile = false
        this.#disk.syncDirectory(this.#directory)
        this.#isOver = true
      } catch (error) {
        return this.#fail(asError(error), done)
      }
      done(undefined, true)
    })
  }

  #fail(error: Error, done: StepDone): void {
    try {
      this.abort()
    } catch {
      // The disk that failed once fails at tidying up too; what it said first is the reason.
    }
    done(error, false)
  }
}

/**
 * Writes a whole snapshot at once, as a starting server does. A disk that completes at once is met with a loop: a call within
 * a call for every slice would overflow the stack on a large tree.
 */
export function writeSnapshot(writer: SnapshotWriter, done: Done): void {
  let isStepping = true
  while (isStepping) {
    isStepping = false
    let hasReturned = false
    writer.step((error, isFinished) => {
      if (error !== undefined || isFinished) done(error)
      else if (hasReturned) writeSnapshot(writer, done)
      else isStepping = true
    })
    hasReturned = true
  }
}
