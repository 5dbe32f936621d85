/**
 * A disk in memory that can fail as real ones do, for simulation and crash tests.
 *
 * What a crash leaves: everything that was synced; of each write since then any of its 512-byte sectors, or a prefix, each
 * sector as the cache held it; of the names created, renamed and removed since the last syncDirectory a prefix. The random
 * function decides. A kill leaves what was written, and its durability as it was.
 */
import type { Disk, DiskFile, Done } from './disk.ts'
import { DiskError, type FileChange, MemoryFile } from './memory-file.ts'

export interface MemoryDiskOptions {
  /** A number in [0, 1): decides what survives a crash. Default: nothing that was not synced. */
  readonly random?: () => number
  /** Writes and syncs wait for {@link MemoryDisk.completeNext}; default: they complete at once. */
  readonly isQueued?: boolean
  /** Bytes that all files may take together; then ENOSPC. */
  readonly capacityBytes?: number
  /** Asked before every sync with its number, from 1; true: it fails with EIO, and what it covered is lost in a crash. */
  readonly failsSync?: (count: number) => boolean
  /** The same for writes; a failed one writes nothing. */
  readonly failsWrite?: (count: number) => boolean
}

type NameChange = (names: Map<string, MemoryFile>) => void

export class MemoryDisk implements Disk {
  readonly #options: MemoryDiskOptions
  readonly #random: () => number
  #names = new Map<string, MemoryFile>()
  #durableNames = new Map<string, MemoryFile>()
  /** Changes of names that no syncDirectory covers, with their directory. */
  #nameChanges: { readonly directory: string; readonly change: NameChange }[] = []
  #queue: (() => void)[] = []
  #syncCount = 0
  #writeCount = 0
  /** Grows with each crash; handles from before are dead. */
  #life = 0

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options
    this.#random = options.random ?? ((): number => 1)
  }

  /** Writes and syncs that wait. */
  get pendingCount(): number {
    return this.#queue.length
  }

  get syncCount(): number {
    return this.#syncCount
  }

  /** Carries out the oldest write or sync that waits. Returns whether there was one. */
  completeNext(): boolean {
    const operation = this.#queue.shift()
    operation?.()
    return operation !== undefined
  }

  /**
   * The process dies, the machine doesn't: what was written is still seen, synced or not; a write that waits may have
   * happened. A later {@link crash} can still take away what no sync covered.
   */
  kill(): void {
    this.#life++
    this.#queue = []
    for (const file of this.#names.values()) file.kill(this.#random)
  }

  /** Power failure: what waits never completes, what was not synced is lost or torn, open files are dead. */
  crash(): void {
    this.#life++
    this.#queue = []
    const kept = Math.floor((1 - this.#random()) * (this.#nameChanges.length + 1))
    for (const { change } of this.#nameChanges.slice(0, kept)) change(this.#durableNames)
    this.#nameChanges = []
    this.#names = new Map(this.#durableNames)
    for (const file of this.#names.values()) file.crash(this.#random)
  }

  /** The whole file, as a reader sees it now. */
  contents(path: string): Uint8Array {
    return this.#find(path).bytes.slice()
  }

  /** Puts a durable file there, as if it had always been. */
  install(path: string, bytes: Uint8Array): void {
    const file = new MemoryFile(bytes)
    this.#names.set(path, file)
    this.#durableNames.set(path, file)
  }

  /** Bit rot: flips bits of a byte, in what is durable too. */
  flip(path: string, offset: number, mask: number): void {
    this.#find(path).flip(offset, mask)
  }

  openForRead(path: string): DiskFile {
    return this.#handle(this.#find(path))
  }

  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile {
    let file = this.#names.get(path)
    if (file === undefined) {
      file = new MemoryFile(new Uint8Array(0))
      const created = file
      this.#changeNames(directoryOf(path), (names) => names.set(path, created))
    } else if (options.truncate) file.truncate(0)
    return this.#handle(file)
  }

  list(directory: string): readonly string[] {
    const prefix = `${directory}/`
    const names = [...this.#names.keys()].filter((path) => path.startsWith(prefix))
    return names.map((path) => path.slice(prefix.length)).filter((name) => !name.includes('/'))
  }

  /** Nothing to make, and nothing that a crash could take: names here are whole paths. */
  makeDirectory(_path: string): void {}

  rename(from: string, to: string): void {
    const file = this.#find(from)
    this.#changeNames(directoryOf(to), (names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  remove(path: string): void {
    this.#find(path)
    this.#changeNames(directoryOf(path), (names) => names.delete(path))
  }

  syncDirectory(path: string): void {
    for (const { directory, change } of this.#nameChanges) {
      if (directory === path) change(this.#durableNames)
    }
    this.#nameChanges = this.#nameChanges.filter(({ directory }) => directory !== path)
  }

  #changeNames(directory: string, change: NameChange): void {
    change(this.#names)
    this.#nameChanges.push({ directory, change })
  }

  #find(path: string): MemoryFile {
    const file = this.#names.get(path)
    if (file === undefined) throw new DiskError('ENOENT', `there is no file ${path}`)
    return file
  }

  #handle(file: MemoryFile): DiskFile {
    const life = this.#life
    let isOpen = true
    const check = (): void => {
      if (!isOpen || life !== this.#life) throw new DiskError('EBADF', 'the file is closed')
    }
    return {
      size: () => file.size,
      read(target, start, end, position) {
        check()
        const count = Math.max(0, Math.min(end - start, file.size - position))
        target.set(file.bytes.subarray(position, position + count), start)
        return count
      },
      write: (source, start, end, position, done) => {
        check()
        // What is on its way may reach the disk before it completes, so a crash may tear it already.
        const write = file.startWrite(source.subarray(start, end), position)
        this.#enqueue(() => this.#completeWrite(file, write, done))
      },
      sync: (done) => {
        check()
        const covered = file.completedChanges()
        this.#enqueue(() => this.#completeSync(file, covered, done))
      },
      truncate(size) {
        check()
        file.truncate(size)
      },
      close() {
        check()
        isOpen = false
      },
    }
  }

  #enqueue(operation: () => void): void {
    if (this.#options.isQueued === true) this.#queue.push(operation)
    else operation()
  }

  #completeWrite(file: MemoryFile, write: FileChange, done: Done): void {
    if (this.#options.failsWrite?.(++this.#writeCount) === true) {
      file.drop([write])
      return done(new DiskError('EIO', 'a write failed'))
    }
    const { capacityBytes = Infinity } = this.#options
    if (capacityBytes < Infinity && this.#usedBytes() + file.growthOf(write) > capacityBytes) {
      file.drop([write])
      return done(new DiskError('ENOSPC', 'no space is left'))
    }
    file.completeWrite(write)
    done()
  }

  #usedBytes(): number {
    return [...new Set(this.#names.values())].reduce((sum, one) => sum + one.size, 0)
  }

  #completeSync(file: MemoryFile, covered: readonly FileChange[], done: Done): void {
    if (this.#options.failsSync?.(++this.#syncCount) === true) {
      file.drop(covered)
      return done(new DiskError('EIO', 'a sync failed'))
    }
    file.makeDurable(covered)
    done()
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
