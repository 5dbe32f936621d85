/**
 * Reads that must not be stale: behind a sync, and linearizable ones, of the registers that others write. It asks for what
 * {@link Registers} last used, so both are judged as one history.
 */
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import type { Registers } from './registers.ts'
import type { Workload } from './workload.ts'

export class Barriers implements Workload {
  readonly #random: Prng
  readonly #registers: Registers
  /** Clients whose last request was a sync. */
  readonly #synced = new Map<string, string>()

  constructor(random: Prng, registers: Registers) {
    this.#random = random
    this.#registers = registers
  }

  next(client: string): Operation | undefined {
    const synced = this.#synced.get(client)
    if (synced !== undefined) {
      this.#synced.delete(client)
      return { type: 'getData', path: synced, watch: false }
    }
    const path = this.#registers.use(this.#random)
    if (path === undefined) return undefined
    if (this.#random.chance(0.4)) {
      this.#synced.set(client, path)
      return { type: 'sync', path }
    }
    const kind = this.#random.next()
    if (kind < 0.8) return { type: 'getData', path, watch: false, isLinearizable: true }
    const type = kind < 0.9 ? 'exists' : 'getChildren'
    return { type, path, watch: false, isLinearizable: true }
  }

  answered(): void {}
}
