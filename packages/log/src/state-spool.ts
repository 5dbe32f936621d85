/**
 * Writes a SNAP's stream to a file that is a snapshot in the end: the header, the stream's image as it came, what stands behind it
 * from a server of ours, and seals.
 *
 * 1. Nothing but the file `.tmp` is touched; a crash leaves it for the next start to remove (ZOOKEEPER-2872).
 * 2. The file is never closed under a write.
 * 3. After the disk has failed, or after {@link StateSpool.abort}, nothing is written or called any more.
 *
 * There is no digest section in what comes from Apache's servers: their images may hold effects of later transactions.
 */
import { formatZxid, JuteWriter, type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { handOver } from './log-file.ts'
import { snapshotDigestVersion, writeSeal, writeSnapshotHeader } from './snapshot-format.ts'
import { StateStreamScanner, type StateTailPlace } from './state-stream-scanner.ts'

export interface StateSpoolOptions {
  readonly disk: Disk
  /** The version-2 folder of dataDir. */
  readonly directory: string
  readonly zxid: Zxid
  /** Differs for any two spools of one process: the one before may have a write under way when this one begins. */
  readonly attempt: number
  readonly platform?: Platform
  /** Whether a snapshot of this server may hold outcomes: see SnapshotWriter. Default true. */
  readonly keepsTail?: boolean
  /** The disk has failed. Told once. */
  failed(error: Error): void
}

export class StateSpool {
  readonly path: string
  /** Called when all that was taken has been written. */
  onDrained: (() => void) | undefined
  readonly #options: StateSpoolOptions
  readonly #platform: Platform
  readonly #scanner = new StateStreamScanner()
  /** What stands in front of the tail's section in the file has been put there. */
  #isTailBegun = false
  #file: DiskFile | undefined
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #isWriting = false
  #position = 0
  #adler = 1
  /** A push is under way: who calls it sees by {@link queuedBytes} whether all was written at once. */
  #isTaking = false
  #isOver = false
  #hasFailed = false
  /** What waits for the write under way and all that is queued. */
  #afterWrites: (() => void) | undefined

  constructor(options: StateSpoolOptions) {
    this.#options = options
    this.#platform = options.platform ?? purePlatform
    // The name of what a start removes, and none that a snapshot of this server has while it is written.
    const name = `snapshot.${formatZxid(options.zxid)}.received-${options.attempt}.tmp`
    this.path = `${options.directory}/${name}`
    this.#append(writeSnapshotHeader)
  }

  /** Bytes taken and not yet written. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Whether the stream was taken to its end. */
  get isComplete(): boolean {
    return this.#scanner.isComplete
  }

  /**
   * Takes `bytes[start, end)`; they may change afterwards.
   * @returns the offset behind the stream when it is complete, else −1
   * @throws LogError STATE_STREAM_BAD
   */
  push(bytes: Uint8Array, start: number, end: number): number {
    if (this.#scanner.isComplete) {
      throw new LogError('STATE_STREAM_BAD', 'the state that the leader sends has ended already')
    }
    const { imageBytes, takenBytes } = this.#scanner
    const streamEnd = this.#scanner.scan(bytes, start, end)
    this.#isTaking = true
    this.#enqueue(bytes, start, start + this.#scanner.imageBytes - imageBytes)
    if (this.#options.keepsTail ?? true)
      this.#takeTail(bytes, { start, end, origin: start - takenBytes })
    this.#isTaking = false
    return streamEnd
  }

  /** @param origin where the stream's first byte would be in `bytes` */
  #takeTail(
    bytes: Uint8Array,
    {
      start,
      end,
      origin,
    }: { readonly start: number; readonly end: number; readonly origin: number },
  ): void {
    const { tail } = this.#scanner
    if (tail === undefined) return
    if (!this.#isTailBegun) {
      this.#isTailBegun = true
      this.#beginTail(tail)
    }
    const from = Math.max(start, origin + tail.start)
    this.#enqueue(bytes, from, Math.max(from, Math.min(end, origin + tail.end)))
  }

  /** What stands between the image and the entries of the section of outcomes. */
  #beginTail({ digest, head }: StateTailPlace): void {
    const { zxid } = this.#options
    const seal = (writer: JuteWriter): void => writeSeal(writer, this.#adler)
    this.#append(seal)
    this.#append((writer) => {
      writer.writeLong(zxid)
      writer.writeInt(snapshotDigestVersion)
      writer.writeHalves(digest.high, digest.low)
    })
    this.#append(seal)
    this.#append((writer) => writer.writeLong(zxid))
    this.#append(seal)
    this.#append((writer) => writer.writeBytes(head))
  }

  #append(write: (writer: JuteWriter) => void): void {
    const writer = new JuteWriter(32)
    write(writer)
    this.#enqueue(writer.bytes, 0, writer.position)
  }

  /** Makes the file a whole snapshot, durable but for its name, and closes it. The stream must be complete. */
  seal(done: () => void): void {
    this.#append((writer) => writeSeal(writer, this.#adler))
    this.#whenWritten(() => this.#sync(done))
  }

  /** Gives up, and removes the file. Not to be called any more once it is sealed. */
  abort(): void {
    if (this.#isOver) return
    this.#queue = []
    this.#queuedBytes = 0
    this.onDrained = undefined
    this.#whenWritten(() => {
      this.#isOver = true
      this.#attempt(() => {
        this.#closeFile()
        this.#removeFile()
      })
    })
  }

  #enqueue(bytes: Uint8Array, start: number, end: number): void {
    if (end === start || this.#isOver) return
    const copy = bytes.slice(start, end)
    this.#adler = this.#platform.adler32(this.#adler, copy, 0, copy.length)
    this.#queue.push(copy)
    this.#queuedBytes += copy.length
    if (!this.#isWriting) this.#writeNext()
  }

  #writeNext(): void {
    const next = this.#queue.shift()
    if (next === undefined) return this.#drained()
    this.#isWriting = true
    const written = this.#guarded(() => {
      this.#isWriting = false
      this.#position += next.length
      this.#queuedBytes = Math.max(0, this.#queuedBytes - next.length)
      this.#writeNext()
    })
    handOver((done) => this.#open().write(next, 0, next.length, this.#position, done), written)
  }

  #open(): DiskFile {
    this.#file ??= this.#options.disk.openForWrite(this.path, { truncate: true })
    return this.#file
  }

  #drained(): void {
    const after = this.#afterWrites
    this.#afterWrites = undefined
    if (after !== undefined) after()
    else if (!this.#isTaking) this.onDrained?.()
  }

  #whenWritten(run: () => void): void {
    this.#afterWrites = run
    if (!this.#isWriting) this.#drained()
  }

  #sync(done: () => void): void {
    const synced = this.#guarded(() => {
      this.#isOver = true
      if (this.#attempt(() => this.#closeFile())) done()
    })
    handOver((handed) => this.#open().sync(handed), synced)
  }

  #closeFile(): void {
    const file = this.#file
    this.#file = undefined
    file?.close()
  }

  /** A load that came in between removes what looks like the leavings of a crash. */
  #removeFile(): void {
    const { disk, directory } = this.#options
    if (disk.list(directory).some((name) => `${directory}/${name}` === this.path))
      disk.remove(this.path)
  }

  /** Goes on when the disk has not failed. */
  #guarded(run: () => void): Done {
    return (error) => (error === undefined ? run() : this.#fail(error))
  }

  /** Whether the disk did it. */
  #attempt(run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      this.#fail(asError(error))
      return false
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#isOver = true
    this.#queue = []
    this.#options.failed(error)
  }
}
