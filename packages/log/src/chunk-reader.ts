/**
 * Reads a stream of bytes through one buffer that slides over it, so that a file of any size takes a chunk of memory.
 *
 * Fields are read straight from {@link ChunkReader.bytes} at {@link ChunkReader.position} after an
 * {@link ChunkReader.ensure} made sure that they are there.
 */
import type { Platform } from '@quorate/protocol'
import type { DiskFile } from './disk.ts'

/** Where bytes come from, one after the other. */
export interface ByteSource {
  /** Fills `target[start, end)` and returns how many bytes came; 0 at the end. */
  read(target: Uint8Array, start: number, end: number): number
}

/** A file's bytes from `offset` on. */
export function fileSource(file: DiskFile, offset = 0): ByteSource {
  let position = offset
  return {
    read(target, start, end) {
      const count = file.read(target, start, end, position)
      position += count
      return count
    },
  }
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  let position = 0
  return {
    read(target, start, end) {
      const count = Math.min(end - start, bytes.length - position)
      target.set(bytes.subarray(position, position + count), start)
      position += count
      return count
    },
  }
}

export const chunkBytesDefault = 1_048_576

export class ChunkReader {
  bytes: Uint8Array
  /** The next byte, as an index into {@link bytes}. */
  position = 0
  readonly #source: ByteSource
  readonly #platform: Platform | undefined
  #end = 0
  /** The stream's offset of bytes[0]. */
  #base: number
  #adler = 1
  #summed = 0

  /** @param platform given: {@link checksum} may be asked for */
  constructor(
    source: ByteSource,
    options: {
      readonly chunkBytes?: number
      readonly offset?: number
      readonly platform?: Platform
    } = {},
  ) {
    this.#source = source
    this.bytes = new Uint8Array(options.chunkBytes ?? chunkBytesDefault)
    this.#base = options.offset ?? 0
    this.#platform = options.platform
  }

  /** The stream's offset of the next byte. */
  get offset(): number {
    return this.#base + this.position
  }

  /** Bytes that can be read without another {@link ensure}. */
  get available(): number {
    return this.#end - this.position
  }

  /** Whether `length` bytes stand at {@link position}. May move them to the buffer's start. */
  ensure(length: number): boolean {
    return this.#end - this.position >= length || this.#fill(length)
  }

  /** Adler-32 of everything before {@link position}. */
  checksum(): number {
    if (this.#platform !== undefined && this.#summed < this.position) {
      this.#adler = this.#platform.adler32(this.#adler, this.bytes, this.#summed, this.position)
      this.#summed = this.position
    }
    return this.#adler
  }

  #fill(length: number): boolean {
    this.checksum()
    const rest = this.#end - this.position
    const room = length > this.bytes.length ? new Uint8Array(2 * length) : this.bytes
    room.set(this.bytes.subarray(this.position, this.#end))
    this.#base += this.position
    this.bytes = room
    this.position = 0
    this.#summed = 0
    this.#end = rest
    while (this.#end < length) {
      const count = this.#source.read(room, this.#end, room.length)
      if (count === 0) return false
      this.#end += count
    }
    return true
  }
}
