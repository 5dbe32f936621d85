/**
 * Reads snappy, as snappy-java's SnappyOutputStream writes it:
 *
 *     82 'SNAPPY' 00 · int version 1 · int compatible version 1 · { int length · raw block of that length }…
 *
 * and a raw block is: varint uncompressed length · { tag · … }…, where the two low bits of a tag say: 0 a literal, 1 to 3 a copy
 * of what came before, with an offset of 11 bits, 2 bytes or 4 bytes.
 */
import { readInt32 } from '@quorate/protocol'
import type { ByteSource } from './chunk-reader.ts'
import { LogError } from './log-error.ts'

const magic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const headerLength = 16
/** Far above the 32 KiB that snappy-java puts into one block. */
const blockBytesMax = 64 * 1_048_576

export function isSnappyMagic(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte)
}

/** The uncompressed bytes of a snappy-java stream. */
export class SnappySource implements ByteSource {
  readonly #source: ByteSource
  readonly #file: string
  #block: Uint8Array = new Uint8Array(0)
  #position = 0
  #compressedOffset = 0

  constructor(source: ByteSource, file: string) {
    this.#source = source
    this.#file = file
    const header = new Uint8Array(headerLength)
    if (this.#take(header) !== headerLength || !isSnappyMagic(header)) {
      throw this.#damaged('the file does not start with the header of a snappy stream')
    }
  }

  read(target: Uint8Array, start: number, end: number): number {
    while (this.#position === this.#block.length) if (!this.#nextBlock()) return 0
    const count = Math.min(end - start, this.#block.length - this.#position)
    target.set(this.#block.subarray(this.#position, this.#position + count), start)
    this.#position += count
    return count
  }

  #nextBlock(): boolean {
    const prefix = new Uint8Array(4)
    const count = this.#take(prefix)
    if (count === 0) return false
    const length = readInt32(prefix, 0)
    if (count < 4 || length <= 0 || length > blockBytesMax) {
      throw this.#damaged(
        `a block has the length ${length}; between 1 and ${blockBytesMax} is allowed`,
      )
    }
    const compressed = new Uint8Array(length)
    if (this.#take(compressed) !== length) throw this.#damaged('the file ends inside of a block')
    const block = decompressBlock(compressed)
    if (block === undefined) throw this.#damaged('a block is not snappy')
    this.#block = block
    this.#position = 0
    return true
  }

  #take(target: Uint8Array): number {
    let filled = 0
    while (filled < target.length) {
      const count = this.#source.read(target, filled, target.length)
      if (count === 0) break
      filled += count
    }
    this.#compressedOffset += filled
    return filled
  }

  #damaged(message: string): LogError {
    return new LogError('SNAPSHOT_COMPRESSION', message, {
      file: this.#file,
      offset: this.#compressedOffset,
    })
  }
}

/** The bytes of a raw block, or undefined when it is damaged. */
export function decompressBlock(block: Uint8Array): Uint8Array | undefined {
  const length = readVarint(block)
  if (length === undefined || length.value > blockBytesMax) return undefined
  const output = new Uint8Array(length.value)
  let at = length.end
  let written = 0
  while (at < block.length) {
    const element = readElement(block, at)
    const end = written + element.length
    if (element.next > block.length || end > output.length) return undefined
    if (element.offset === 0) {
      output.set(block.subarray(element.next - element.length, element.next), written)
    } else {
      if (element.offset > written) return undefined
      // Byte by byte: a copy may reach into what it writes itself.
      for (let i = written; i < end; i++) output[i] = output[i - element.offset]!
    }
    written = end
    at = element.next
  }
  return written === output.length ? output : undefined
}

interface Element {
  readonly length: number
  /** How far back a copy starts; 0 for a literal, whose bytes end at `next`. */
  readonly offset: number
  readonly next: number
}

/** Bytes that are missing read as NaN or lead beyond the end; the caller checks `next`. */
function readElement(block: Uint8Array, at: number): Element {
  const tag = block[at]!
  const upper = tag >>> 2
  switch (tag & 3) {
    case 0: {
      const sizeBytes = upper < 60 ? 0 : upper - 59
      const length = (sizeBytes === 0 ? upper : littleEndian(block, at + 1, sizeBytes)) + 1
      return { length, offset: 0, next: at + 1 + sizeBytes + length }
    }
    case 1: {
      const offset = ((tag >>> 5) << 8) | (block[at + 1] ?? 0)
      return { length: 4 + (upper & 7), offset: offset || Infinity, next: at + 2 }
    }
    default: {
      const offsetBytes = (tag & 3) === 2 ? 2 : 4
      const offset = littleEndian(block, at + 1, offsetBytes)
      return { length: upper + 1, offset: offset || Infinity, next: at + 1 + offsetBytes }
    }
  }
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value += (bytes[at + i] ?? 0) * 2 ** (8 * i)
  return value
}

function readVarint(
  bytes: Uint8Array,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    value += (bytes[i]! & 0x7f) * 2 ** (7 * i)
    if (bytes[i]! < 0x80) return { value, end: i + 1 }
  }
  return undefined
}
