/** The log room's disk on real files. */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Disk, DiskFile, Done } from '@quorate/log'
import { makeDurableDirectory, syncDirectory } from './durable-directory.ts'

/**
 * How a sync is carried out. `blocking` holds the event loop until the disk is done: the fewest steps, and best while
 * few writers wait for it. `threaded` lets the loop serve reads and gather further writes meanwhile.
 */
export type SyncMode = 'blocking' | 'threaded'

export interface NodeDiskOptions {
  /** Asked before every sync. */
  readonly chooseSyncMode: () => SyncMode
  /** Told how long every sync took. */
  readonly onSynced?: (durationMs: number) => void
}

export class NodeDisk implements Disk {
  readonly #options: NodeDiskOptions

  constructor(options: NodeDiskOptions) {
    this.#options = options
  }

  openForRead(path: string): DiskFile {
    return new NodeDiskFile(openSync(path, 'r'), this.#options)
  }

  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile {
    const flags = constants.O_RDWR | constants.O_CREAT | (options.truncate ? constants.O_TRUNC : 0)
    return new NodeDiskFile(openSync(path, flags, 0o644), this.#options)
  }

  list(directory: string): readonly string[] {
    try {
      return readdirSync(directory)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  makeDirectory(path: string): void {
    makeDurableDirectory(path)
    // A process that was killed between making it and the sync may have left it there.
    syncDirectory(dirname(path))
  }

  rename(from: string, to: string): void {
    renameSync(from, to)
  }

  remove(path: string): void {
    unlinkSync(path)
  }

  syncDirectory(path: string): void {
    syncDirectory(path)
  }
}

class NodeDiskFile implements DiskFile {
  readonly #descriptor: number
  readonly #options: NodeDiskOptions
  #closesAfterSync = false
  #isSyncing = false

  constructor(descriptor: number, options: NodeDiskOptions) {
    this.#descriptor = descriptor
    this.#options = options
  }

  size(): number {
    return fstatSync(this.#descriptor).size
  }

  read(target: Uint8Array, start: number, end: number, position: number): number {
    let at = start
    while (at < end) {
      const count = readSync(this.#descriptor, target, at, end - at, position + at - start)
      if (count === 0) break
      at += count
    }
    return at - start
  }

  /** Into the page cache, which is a copy of memory: faster than handing the write to a thread and being told of its end. */
  write(source: Uint8Array, start: number, end: number, position: number, done: Done): void {
    try {
      let at = start
      while (at < end) {
        at += writeSync(this.#descriptor, source, at, end - at, position + at - start)
      }
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  }

  sync(done: Done): void {
    const startedAtMs = performance.now()
    if (this.#options.chooseSyncMode() === 'blocking') {
      this.#syncBlocking(startedAtMs, done)
      return
    }
    this.#isSyncing = true
    fdatasync(this.#descriptor, (error) => {
      this.#isSyncing = false
      this.#options.onSynced?.(performance.now() - startedAtMs)
      if (this.#closesAfterSync) closeSync(this.#descriptor)
      done(error ?? undefined)
    })
  }

  #syncBlocking(startedAtMs: number, done: Done): void {
    try {
      fdatasyncSync(this.#descriptor)
    } catch (error) {
      done(error as Error)
      return
    }
    this.#options.onSynced?.(performance.now() - startedAtMs)
    done()
  }

  truncate(size: number): void {
    ftruncateSync(this.#descriptor, size)
  }

  /** Waits for a sync on another thread: the system could give its descriptor to another file meanwhile. */
  close(): void {
    if (this.#isSyncing) this.#closesAfterSync = true
    else closeSync(this.#descriptor)
  }
}
