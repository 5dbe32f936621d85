/**
 * The part of a snapshot file that Apache's servers have no room for: what became of the latest writes of each session. It stands behind
 * their last section, where they read no more.
 *
 *     int magic "QOut" · int version 1 · long length of what follows
 *     long floor · long clock in ms · long stamp in ms              (see OutcomeBounds)
 *     (long session · int cxid · long zxid · int err · int seconds · long previous zxid · buffer body, null: not kept)*
 */
import { type JuteWriter, readInt32, readLong } from '@quorate/protocol'
import type { KeptOutcome, OutcomeBounds, OutcomeImage } from '@quorate/tree'
import type { ChunkReader } from './chunk-reader.ts'

const magic = 0x514f7574
const version = 1
export const outcomeHeadLength = 16
const boundsLength = 24
const entryHeadLength = 40

/** Writes the section in slices. */
export class OutcomeSection {
  readonly #image: OutcomeImage
  readonly #entries: Iterator<KeptOutcome>
  #hasBegun = false

  constructor(image: OutcomeImage) {
    this.#image = image
    this.#entries = image.entries()[Symbol.iterator]()
  }

  /** Appends the next part, of roughly `lengthTarget` bytes. Returns whether there is more. */
  writeNext(writer: JuteWriter, lengthTarget: number): boolean {
    const end = writer.position + lengthTarget
    if (!this.#hasBegun) this.#writeHead(writer)
    while (writer.position < end) {
      const next = this.#entries.next()
      if (next.done === true) return false
      writeEntry(writer, next.value)
    }
    return true
  }

  #writeHead(writer: JuteWriter): void {
    this.#hasBegun = true
    const { floor, clockMs, stampMs, count, bodyBytes } = this.#image
    writer.writeInt(magic)
    writer.writeInt(version)
    writer.writeLong(boundsLength + count * entryHeadLength + bodyBytes)
    writer.writeLong(floor)
    writer.writeLong(clockMs)
    writer.writeLong(stampMs)
  }
}

/** Whether a section of this version stands at the reader's position. */
export function isOutcomeSection(chunks: ChunkReader): boolean {
  if (!chunks.ensure(outcomeHeadLength + boundsLength)) return false
  const { bytes, position } = chunks
  return readInt32(bytes, position) === magic && readInt32(bytes, position + 4) === version
}

/** How much follows the head at `at`; undefined when none stands there. */
export function outcomeLengthAt(bytes: Uint8Array, at: number): number | undefined {
  return readInt32(bytes, at) === magic ? readLong(bytes, at + 8) : undefined
}

/** The length of the section at the reader's position, and what stands in front of its entries. Steps over both. */
export function readOutcomeHead(chunks: ChunkReader): {
  readonly bounds: OutcomeBounds
  readonly entriesLength: number
} {
  const { bytes, position } = chunks
  const at = position + outcomeHeadLength
  chunks.position = at + boundsLength
  return {
    entriesLength: readLong(bytes, position + 8) - boundsLength,
    bounds: {
      floor: readLong(bytes, at),
      clockMs: readLong(bytes, at + 8),
      stampMs: readLong(bytes, at + 16),
    },
  }
}

/**
 * Reads `length` bytes of entries as they are asked for.
 * @param need makes sure that so many bytes are there, or throws
 */
export function* readOutcomes(
  chunks: ChunkReader,
  length: number,
  need: (length: number) => void,
): IterableIterator<KeptOutcome> {
  const end = chunks.offset + length
  while (chunks.offset < end) {
    need(entryHeadLength)
    const bodyLength = readInt32(chunks.bytes, chunks.position + entryHeadLength - 4)
    const kept = Math.max(0, bodyLength)
    if (chunks.offset + entryHeadLength + kept > end) need(Infinity)
    need(entryHeadLength + kept)
    const { bytes, position: at } = chunks
    const bodyAt = at + entryHeadLength
    chunks.position = bodyAt + kept
    yield {
      sessionHigh: readInt32(bytes, at),
      sessionLow: readInt32(bytes, at + 4),
      cxid: readInt32(bytes, at + 8),
      zxid: readLong(bytes, at + 12),
      err: readInt32(bytes, at + 20),
      seconds: readInt32(bytes, at + 24),
      previousZxid: readLong(bytes, at + 28),
      body: bodyLength < 0 ? undefined : { bytes, start: bodyAt, end: bodyAt + kept },
    }
  }
}

function writeEntry(writer: JuteWriter, entry: KeptOutcome): void {
  const { body } = entry
  writer.writeHalves(entry.sessionHigh, entry.sessionLow)
  writer.writeInt(entry.cxid)
  writer.writeLong(entry.zxid)
  writer.writeInt(entry.err)
  writer.writeInt(entry.seconds)
  writer.writeLong(entry.previousZxid)
  if (body === undefined) writer.writeBuffer(null)
  else writer.writeSpan(body.bytes, body.start, body.end)
}
