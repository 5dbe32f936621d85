/**
 * Numbers that nobody else gets, handed out from blocks (Curator's CachedAtomicLong): one write takes a block, and the
 * numbers of it cost nothing.
 *
 * 1. No number is handed out twice, by whomever.
 * 2. One process gets its numbers in ascending order. What is left of its block when it ends is lost.
 */
import type { CallOptions } from '@quorate/client/core'
import { Limit } from '../foundation/limit.ts'
import type { AtomicNumber } from './atomic-number.ts'

export class CachedNumbers {
  readonly #counter: AtomicNumber
  readonly #blockSize: number
  #next = 0
  #end = 0
  /** One block is taken at a time, for all who wait for a number, and under no limit of one of them. */
  #taking: Promise<void> | undefined

  /** @throws RangeError for a block of no numbers */
  constructor(counter: AtomicNumber, { blockSize = 1000 }: { readonly blockSize?: number } = {}) {
    if (!Number.isSafeInteger(blockSize) || blockSize < 1)
      throw new RangeError(`a block of ${blockSize} numbers is none. Take at least 1.`)
    this.#counter = counter
    this.#blockSize = blockSize
  }

  /** @throws ZooKeeperError when a block was needed and could not be taken; its numbers may never be handed out then */
  async next(options: CallOptions = {}): Promise<number> {
    if (this.#next < this.#end) return this.#next++
    const { clock, path } = this.#counter
    using limit = new Limit(clock, options, { op: 'next', path })
    limit.check()
    while (this.#next === this.#end) {
      this.#taking ??= this.#take()
      await limit.join(this.#taking)
    }
    return this.#next++
  }

  async #take(): Promise<void> {
    try {
      const { before, after } = await this.#counter.add(this.#blockSize)
      this.#next = before
      this.#end = after
    } finally {
      this.#taking = undefined
    }
  }
}
