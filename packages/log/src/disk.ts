/**
 * All that the log room asks of a disk. The server's driver implements it on real files, `MemoryDisk` on an image that can
 * lose, tear and flip what was not synced.
 *
 * Paths use '/'. Every method that fails throws (or hands to `done`) an Error with the platform's `code`, such as ENOSPC.
 */
export interface Disk {
  /** Opens an existing file for reading; ENOENT when there is none. */
  openForRead(path: string): DiskFile
  /** Opens for reading and writing; creates the file when there is none, and empties it when `truncate`. */
  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile
  /** Names in a directory, in no order; empty when the directory does not exist. */
  list(directory: string): readonly string[]
  /**
   * Makes the directory and its parents, and makes the entry of each one that it made, and of the directory itself,
   * durable before it returns: without its entry all that is synced in a directory is lost.
   */
  makeDirectory(path: string): void
  /** Atomically puts `from` in the place of `to`. Durable only after {@link syncDirectory}. */
  rename(from: string, to: string): void
  remove(path: string): void
  /** Makes names created, renamed and removed in this directory durable. */
  syncDirectory(path: string): void
}

export interface DiskFile {
  size(): number
  /** Reads up to `end - start` bytes from `position` and returns how many were read; fewer only at the end of the file. */
  read(target: Uint8Array, start: number, end: number, position: number): number
  /**
   * Writes all of `source[start, end)` at `position`, extending the file when need be, and then calls `done`, maybe
   * before it returns. `source` may not change until then. Without a `sync` it may be lost.
   */
  write(source: Uint8Array, start: number, end: number, position: number, done: Done): void
  /** Makes all completed writes durable (data and length), then calls `done`, maybe before it returns. */
  sync(done: Done): void
  truncate(size: number): void
  close(): void
}

/** Called once, with the failure or with nothing. */
export type Done = (error?: Error) => void
