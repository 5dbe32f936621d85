/**
 * The disk as one life of a server sees it: with the faults that the test asked for, and gone when the server was killed.
 *
 * 1. After the end of its life nothing that the server does reaches the disk, and it is not told: what is left of it in this
 *    process must come to its end, and must not be heard of.
 */
import type { Alarm, Clock } from '@quorate/client/core'
import { type Disk, DiskError, type DiskFile, type Done } from '@quorate/log'
import type { DiskFaults } from './disk-faults.ts'

/** From a server's start to its end. */
export class DiskLife {
  readonly #clock: Pick<Clock, 'wakeAfter'>
  readonly #waiting = new Map<Alarm, () => void>()
  isOver = false

  constructor(clock: Pick<Clock, 'wakeAfter'>) {
    this.#clock = clock
  }

  after(delayMs: number, run: () => void): void {
    const alarm = this.#clock.wakeAfter(delayMs, () => {
      this.#waiting.delete(alarm)
      run()
    })
    this.#waiting.set(alarm, run)
  }

  /** What waits for the disk is told that it is done, a turn later: by then nobody hears of it. */
  end(): void {
    this.isOver = true
    this.hurry()
  }

  /** What waits for a slow disk waits no longer. */
  hurry(): void {
    for (const [alarm, run] of this.#waiting) {
      alarm.cancel()
      setImmediate(run)
    }
    this.#waiting.clear()
  }
}

export class FaultyDisk implements Disk {
  readonly #disk: Disk
  readonly #faults: DiskFaults
  readonly #life: DiskLife

  constructor(disk: Disk, faults: DiskFaults, life: DiskLife) {
    this.#disk = disk
    this.#faults = faults
    this.#life = life
  }

  openForRead(path: string): DiskFile {
    return this.#wrapped(this.#disk.openForRead(path))
  }

  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile {
    if (this.#life.isOver) throw new DiskError('EIO', 'the test killed the server')
    this.#throwFailure()
    return this.#wrapped(this.#disk.openForWrite(path, options))
  }

  list(directory: string): readonly string[] {
    return this.#disk.list(directory)
  }

  makeDirectory(path: string): void {
    this.#change(() => this.#disk.makeDirectory(path))
  }

  rename(from: string, to: string): void {
    this.#change(() => this.#disk.rename(from, to))
  }

  remove(path: string): void {
    this.#change(() => this.#disk.remove(path))
  }

  syncDirectory(path: string): void {
    this.#change(() => this.#disk.syncDirectory(path))
  }

  #wrapped(file: DiskFile): DiskFile {
    return new FaultyFile(file, this.#faults, this.#life)
  }

  #change(change: () => void): void {
    if (this.#life.isOver) return
    this.#throwFailure()
    change()
  }

  #throwFailure(): void {
    const error = errorOf(this.#faults, 'change')
    if (error !== undefined) throw error
  }
}

class FaultyFile implements DiskFile {
  readonly #file: DiskFile
  readonly #faults: DiskFaults
  readonly #life: DiskLife

  constructor(file: DiskFile, faults: DiskFaults, life: DiskLife) {
    this.#file = file
    this.#faults = faults
    this.#life = life
  }

  size(): number {
    return this.#file.size()
  }

  read(target: Uint8Array, start: number, end: number, position: number): number {
    return this.#file.read(target, start, end, position)
  }

  write(source: Uint8Array, start: number, end: number, position: number, done: Done): void {
    const grows = position + end - start > this.#file.size()
    const error = errorOf(this.#faults, grows ? 'growth' : 'change')
    if (this.#life.isOver) done()
    else if (error !== undefined) done(error)
    else this.#file.write(source, start, end, position, done)
  }

  sync(done: Done): void {
    const { slowMs } = this.#faults
    if (slowMs > 0) this.#life.after(slowMs, () => this.#sync(done))
    else this.#sync(done)
  }

  #sync(done: Done): void {
    const error = errorOf(this.#faults, 'change')
    if (this.#life.isOver) done()
    else if (error !== undefined) done(error)
    else this.#file.sync(done)
  }

  truncate(size: number): void {
    if (!this.#life.isOver) this.#file.truncate(size)
  }

  close(): void {
    if (!this.#life.isOver) this.#file.close()
  }
}

/** A full disk takes everything but longer files. */
function errorOf({ failure }: DiskFaults, step: 'growth' | 'change'): Error | undefined {
  if (failure === undefined || (failure === 'ENOSPC' && step === 'change')) return undefined
  return new DiskError(failure, 'the test made the disk fail')
}
