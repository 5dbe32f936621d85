/**
 * One log file that is being appended to.
 *
 * 1. Records never overlap zeros that are being written: a write that would waits until the zeros are there.
 * 2. At most one write of zeros is under way, and none is when the file is closed.
 * 3. No more than {@link unsyncedBytesMax} bytes are ever written without a sync.
 */
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError } from './log-error.ts'
import { unsyncedBytesMax } from './log-format.ts'
import { type Preallocation, preallocationStepMax } from './preallocation.ts'

const zeros = new Uint8Array(preallocationStepMax)

export class LogFile {
  readonly path: string
  readonly #file: DiskFile
  readonly #isSyncForced: boolean
  readonly #preallocation: Preallocation
  /** Where the next record goes. */
  #position = 0
  /** Records and the zeros that are there or under way. */
  #size = 0
  #zerosFrom = -1
  #afterZeros: (() => void) | undefined
  /** Zeros that could not be written (a full disk, say) are done without. */
  #canPreallocate = true

  constructor(
    disk: Disk,
    path: string,
    options: { readonly isSyncForced: boolean; readonly preallocation: Preallocation },
  ) {
    this.path = path
    this.#file = disk.openForWrite(path, { truncate: false })
    this.#isSyncForced = options.isSyncForced
    this.#preallocation = options.preallocation
  }

  /** Bytes of the header and the records. */
  get position(): number {
    return this.#position
  }

  /** Writes `bytes[start, end)` behind the last record and makes it durable. */
  append(bytes: Uint8Array, start: number, end: number, done: Done): void {
    if (this.#isZeroing() && this.#position + (end - start) > this.#zerosFrom) {
      this.#afterZeros = () => this.append(bytes, start, end, done)
      return
    }
    const stop = Math.min(end, start + unsyncedBytesMax)
    // Before the write is done: zeros that are asked for meanwhile go behind it.
    this.#size = Math.max(this.#size, this.#position + stop - start)
    this.#write(bytes, start, stop, this.#position, (writeError) => {
      if (writeError !== undefined) return done(writeError)
      this.#position += stop - start
      this.#sync((syncError) => {
        if (syncError !== undefined || stop === end) done(syncError)
        else this.append(bytes, stop, end, done)
      })
    })
  }

  /** Writes zeros ahead if there are few left. To be called when no sync waits. */
  extend(): void {
    if (!this.#canPreallocate || this.#isZeroing()) return
    const step = this.#preallocation.nextStep(this.#position, this.#size)
    if (step === 0) return
    this.#zerosFrom = this.#size
    this.#size += step
    this.#write(zeros, 0, step, this.#zerosFrom, (error) => {
      this.#zerosFrom = -1
      this.#canPreallocate = error === undefined
      const next = this.#afterZeros
      this.#afterZeros = undefined
      next?.()
    })
  }

  /** Cuts off the zeros and closes. The records must be synced. */
  close(done: Done): void {
    if (this.#isZeroing()) {
      this.#afterZeros = () => this.close(done)
      return
    }
    try {
      if (this.#size > this.#position) this.#file.truncate(this.#position)
      this.#file.close()
    } catch (error) {
      return done(asError(error))
    }
    done()
  }

  #isZeroing(): boolean {
    return this.#zerosFrom >= 0
  }

  #write(source: Uint8Array, start: number, end: number, position: number, done: Done): void {
    handOver((handed) => this.#file.write(source, start, end, position, handed), done)
  }

  #sync(done: Done): void {
    if (this.#isSyncForced) handOver((handed) => this.#file.sync(handed), done)
    else done()
  }
}

/** What the disk throws goes to `done` as well; what `done` itself throws does not. */
export function handOver(operation: (done: Done) => void, done: Done): void {
  let isDone = false
  try {
    operation((error) => {
      isDone = true
      done(error)
    })
  } catch (error) {
    if (isDone) throw error
    done(asError(error))
  }
}
