/**
 * Memory for the outcomes of writes: slots of 128 bytes in chunks, handed out and taken back. What needs more than one slot goes on in
 * others; the result of most writes, a Stat or a path, fits into one with what else is known of the write.
 *
 * 1. A frozen set of chunks stays as it was: a chunk that is in it is copied before it is written to.
 * 2. Memory is what was once needed at the same time; chunks are not given back.
 */

/** 32-bit numbers in a slot. */
const slotWords = 32
const slotBytes = 128
/** What follows the link in a slot that goes on with another's bytes. */
const moreBytes = 124
const chunkShift = 7
const chunkMask = (1 << chunkShift) - 1

export const noSlot = -1

export interface SlotChunk {
  readonly words: Int32Array
}

export function word(chunks: readonly SlotChunk[], slot: number, at: number): number {
  return chunks[slot >>> chunkShift]!.words[(slot & chunkMask) * slotWords + at]!
}

/** Copies `length` bytes of what was put by {@link OutcomeSlots.write} to the beginning of `target`. */
export function readSlotBytes(
  chunks: readonly SlotChunk[],
  place: { readonly slot: number; readonly at: number; readonly more: number },
  target: Uint8Array,
  length: number,
): void {
  let done = Math.min(length, slotBytes - place.at)
  copyOut(chunks, place.slot, place.at, target, 0, done)
  for (let slot = place.more; done < length; slot = word(chunks, slot, 0)) {
    const end = Math.min(length, done + moreBytes)
    copyOut(chunks, slot, slotBytes - moreBytes, target, done, end)
    done = end
  }
}

/** Fills `target[start, end)`. */
function copyOut(
  chunks: readonly SlotChunk[],
  slot: number,
  from: number,
  target: Uint8Array,
  start: number,
  end: number,
): void {
  const { words } = chunks[slot >>> chunkShift]!
  let at = firstWord(slot) + from / 4
  let to = start
  for (; to < end - 3; to += 4) {
    const four = words[at++]!
    target[to] = four
    target[to + 1] = four >>> 8
    target[to + 2] = four >>> 16
    target[to + 3] = four >>> 24
  }
  for (let rest = words[at]!; to < end; rest >>>= 8) target[to++] = rest
}

export function firstWord(slot: number): number {
  return (slot & chunkMask) * slotWords
}

export class OutcomeSlots {
  readonly #chunks: SlotChunk[] = []
  /** Which chunks are in the frozen set and not copied yet: 1 for each. */
  #frozen: Uint8Array | undefined
  #free = noSlot
  #unused = 0
  #usedCount = 0
  #viewed: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#viewed.buffer)

  get usedCount(): number {
    return this.#usedCount
  }

  get chunks(): readonly SlotChunk[] {
    return this.#chunks
  }

  /** What the slots hold now, whatever is written later, until `thaw` is called or another set is frozen. */
  freeze(): { readonly chunks: readonly SlotChunk[]; readonly thaw: () => void } {
    const frozen = new Uint8Array(this.#chunks.length).fill(1)
    this.#frozen = frozen
    const thaw = (): void => {
      if (this.#frozen === frozen) this.#frozen = undefined
    }
    return { chunks: this.#chunks.slice(), thaw }
  }

  take(): number {
    this.#usedCount++
    const slot = this.#free
    if (slot !== noSlot) {
      this.#free = word(this.#chunks, slot, 0)
      return slot
    }
    if (this.#unused >>> chunkShift === this.#chunks.length)
      this.#chunks.push({ words: new Int32Array(slotWords << chunkShift) })
    return this.#unused++
  }

  /** Takes back `slot`, and all that its bytes go on in from `more` on. */
  give(slot: number, more: number): void {
    let next = more
    while (next !== noSlot) {
      const after = word(this.#chunks, next, 0)
      this.#giveOne(next)
      next = after
    }
    this.#giveOne(slot)
  }

  word(slot: number, at: number): number {
    return this.#chunks[slot >>> chunkShift]!.words[(slot & chunkMask) * slotWords + at]!
  }

  set(slot: number, at: number, value: number): void {
    this.#own(slot).words[(slot & chunkMask) * slotWords + at] = value
  }

  /** Words among which the slot's can be set, from {@link firstWord} on. */
  words(slot: number): Int32Array {
    return this.#own(slot).words
  }

  /**
   * Puts `bytes[start, end)` behind the first `at` bytes of the slot.
   * @returns the slot in which they go on; −1: nowhere
   */
  write(slot: number, at: number, bytes: Uint8Array, start: number, end: number): number {
    const inline = Math.min(end - start, slotBytes - at)
    this.#copyIn(slot, at, bytes, start, inline)
    let first = noSlot
    let last = noSlot
    for (let done = start + inline; done < end; done += moreBytes) {
      const next = this.take()
      this.set(next, 0, noSlot)
      this.#copyIn(next, slotBytes - moreBytes, bytes, done, Math.min(end - done, moreBytes))
      if (last === noSlot) first = next
      else this.set(last, 0, next)
      last = next
    }
    return first
  }

  #copyIn(slot: number, at: number, source: Uint8Array, start: number, length: number): void {
    const { words } = this.#own(slot)
    const view = this.#viewOf(source)
    let to = firstWord(slot) + at / 4
    let from = start
    for (const end = start + length - 3; from < end; from += 4)
      words[to++] = view.getInt32(from, true)
    const end = start + length
    if (from < end) words[to] = lastBytes(source, from, end)
  }

  /** Writes come from one buffer, one after the other. */
  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#view
  }

  #giveOne(slot: number): void {
    this.set(slot, 0, this.#free)
    this.#free = slot
    this.#usedCount--
  }

  /** The slot's chunk, which may be written to. */
  #own(slot: number): SlotChunk {
    const at = slot >>> chunkShift
    const frozen = this.#frozen
    if (frozen !== undefined && frozen[at] === 1) {
      frozen[at] = 0
      this.#chunks[at] = { words: this.#chunks[at]!.words.slice() }
    }
    return this.#chunks[at]!
  }
}

/** Up to three. */
function lastBytes(bytes: Uint8Array, start: number, end: number): number {
  let last = 0
  for (let i = start; i < end; i++) last |= bytes[i]! << ((i - start) * 8)
  return last
}
