/**
 * A disk that holds one file, in memory, in chunks: where a state that a leader sends is put together while the real disk takes
 * nothing. It is as large as that state's snapshot, and let go when the state is loaded.
 */
import type { Disk, DiskFile, Done } from '@quorate/log'

const chunkBytes = 1_048_576

export class SpoolInMemory implements Disk, DiskFile {
  #chunks: Uint8Array[] = []
  #size = 0

  openForRead(): DiskFile {
    return this
  }

  openForWrite(): DiskFile {
    return this
  }

  /** Nothing that would have to be removed. */
  list(): readonly string[] {
    return []
  }

  makeDirectory(): void {}

  rename(): void {}

  remove(): void {}

  syncDirectory(): void {}

  size(): number {
    return this.#size
  }

  read(target: Uint8Array, start: number, end: number, position: number): number {
    const count = Math.max(0, Math.min(end - start, this.#size - position))
    for (let done = 0; done < count;) {
      const { chunk, offset } = this.#at(position + done)
      const part = chunk.subarray(offset, offset + count - done)
      target.set(part, start + done)
      done += part.length
    }
    return count
  }

  write(source: Uint8Array, start: number, end: number, position: number, done: Done): void {
    for (let at = start; at < end;) {
      const { chunk, offset } = this.#at(position + at - start)
      const length = Math.min(end - at, chunk.length - offset)
      chunk.set(source.subarray(at, at + length), offset)
      at += length
    }
    this.#size = Math.max(this.#size, position + end - start)
    done()
  }

  sync(done: Done): void {
    done()
  }

  truncate(size: number): void {
    this.#size = Math.min(this.#size, size)
  }

  close(): void {}

  /** The chunk of this position, made if need be: all before it are there. */
  #at(position: number): { readonly chunk: Uint8Array; readonly offset: number } {
    const index = Math.floor(position / chunkBytes)
    const chunk = (this.#chunks[index] ??= new Uint8Array(chunkBytes))
    return { chunk, offset: position - index * chunkBytes }
  }
}
