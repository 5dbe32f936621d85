/**
 * Finds the newest outcome of a session: a hash table of slots, which hold the session's id themselves.
 *
 * A bucket holds slot + 1; 0 is empty. There is no empty bucket between a slot and its home, and at most half of them are taken.
 */
import { noSlot, type OutcomeSlots } from './outcome-slots.ts'

const bucketsLeast = 64

export class OutcomeIndex {
  readonly #slots: OutcomeSlots
  #buckets = new Int32Array(bucketsLeast)
  #count = 0

  constructor(slots: OutcomeSlots) {
    this.#slots = slots
  }

  find(idHigh: number, idLow: number): number {
    return this.#buckets[this.#bucketOf(idHigh, idLow)]! - 1
  }

  /**
   * The slot, which has the session's id already, is its newest from now on.
   * @returns the one before, which must still be there
   */
  replace(idHigh: number, idLow: number, slot: number): number {
    const bucket = this.#bucketOf(idHigh, idLow)
    const before = this.#buckets[bucket]! - 1
    this.#buckets[bucket] = slot + 1
    if (before === noSlot && ++this.#count * 2 > this.#buckets.length) this.#grow()
    return before
  }

  delete(idHigh: number, idLow: number): void {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let hole = this.#bucketOf(idHigh, idLow)
    if (buckets[hole] === 0) return
    this.#count--
    // Pull back what probed past the hole.
    for (let at = (hole + 1) & mask; buckets[at] !== 0; at = (at + 1) & mask) {
      const home = this.#homeOf(buckets[at]! - 1) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      buckets[hole] = buckets[at]!
      hole = at
    }
    buckets[hole] = 0
  }

  /** Where the session's slot is, or would be. */
  #bucketOf(idHigh: number, idLow: number): number {
    const buckets = this.#buckets
    const mask = buckets.length - 1
    let at = hashOf(idHigh, idLow) & mask
    for (; ; at = (at + 1) & mask) {
      const slot = buckets[at]! - 1
      if (slot === noSlot) return at
      if (this.#slots.word(slot, 1) === idLow && this.#slots.word(slot, 0) === idHigh) return at
    }
  }

  #homeOf(slot: number): number {
    return hashOf(this.#slots.word(slot, 0), this.#slots.word(slot, 1))
  }

  #grow(): void {
    const before = this.#buckets
    this.#buckets = new Int32Array(2 * before.length)
    const mask = this.#buckets.length - 1
    for (const taken of before) {
      if (taken === 0) continue
      let at = this.#homeOf(taken - 1) & mask
      while (this.#buckets[at] !== 0) at = (at + 1) & mask
      this.#buckets[at] = taken
    }
  }
}

function hashOf(idHigh: number, idLow: number): number {
  const mixed = Math.imul(idLow ^ Math.imul(idHigh, 0x9e37_79b1), 0x85eb_ca6b)
  return mixed ^ (mixed >>> 15)
}
