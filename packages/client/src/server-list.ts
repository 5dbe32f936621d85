/**
 * Which server to dial next, and after what pause.
 *
 * Clients shuffle the servers so that they spread, and draw their pauses at random so that those that lose a server
 * together do not come back together.
 */
import type { Random, ServerAddress } from './world.ts'

const pauseMsFirst = 50
const pauseMsMax = 1000

export class ServerList {
  readonly #servers: readonly ServerAddress[]
  readonly #random: Random
  #next = 0
  #failures = 0

  constructor(servers: readonly ServerAddress[], random: Random) {
    this.#servers = shuffled(servers, random)
    this.#random = random
  }

  get size(): number {
    return this.#servers.length
  }

  next(): ServerAddress {
    const server = this.#servers[this.#next]!
    this.#next = (this.#next + 1) % this.#servers.length
    return server
  }

  /** A server took the session: pauses start small again. */
  succeeded(): void {
    this.#failures = 0
  }

  /** How long to wait before the next dial: up to a bound that doubles each time all servers were tried in vain. */
  pauseMs(): number {
    const passes = Math.floor(this.#failures / this.#servers.length)
    this.#failures++
    return this.#random.next() * Math.min(pauseMsMax, pauseMsFirst * 2 ** Math.min(passes, 10))
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}
