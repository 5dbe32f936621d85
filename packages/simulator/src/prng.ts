/**
 * The only source of chance in a simulation: sfc32, seeded by text. It uses 32-bit integer arithmetic only, so that a seed
 * gives the same numbers on every machine.
 *
 * Every part of the world has a stream of its own ({@link Prng.fork}), so that one more question asked in one part does not
 * change the answers in all others.
 */
export class Prng {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(name: string) {
    this.#name = name
    this.#a = hash(name, 0x9e37_79b9)
    this.#b = hash(name, 0x243f_6a88)
    this.#c = hash(name, 0xb7e1_5162)
    this.#counter = 1
    // The first numbers still show the seed's structure.
    for (let i = 0; i < 12; i++) this.next()
  }

  /** A stream that depends on this one's name and `label` only, not on what was drawn so far. */
  fork(label: string): Prng {
    return new Prng(`${this.#name}/${label}`)
  }

  /** At least 0, below 1. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return (result >>> 0) / 0x1_0000_0000
  }

  /** A whole number, at least 0 and below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** A whole number between the two, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)]
    if (chosen === undefined) throw new Error('there is nothing to pick from')
    return chosen
  }

  /** The items in a random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items]
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      ;[order[last], order[other]] = [order[other]!, order[last]!]
    }
    return order
  }
}

/** FNV-1a with an offset of the caller's, and a final mix. */
function hash(text: string, offset: number): number {
  let value = offset
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x0100_0193)
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35)
  return value ^ (value >>> 16)
}
