/**
 * Which server to dial next, and after what pause.
 *
 * Clients shuffle the servers so that they spread, and draw their pauses at random so that those that lose a server
 * together do not come back together. When the list changes, each client decides by itself, with the probabilities that
 * make the load even again in the mean, whether it moves (ZOOKEEPER-1355).
 */
import type { Random, ServerAddress } from './world.ts'

const pauseMsFirst = 50
const pauseMsMax = 1000

/** Where to go after a change of the list, before the list is gone round again. */
interface Move {
  readonly newServers: ServerAddress[]
  readonly oldServers: ServerAddress[]
  readonly newProbability: number
}

export class ServerList {
  readonly #random: Random
  #servers: readonly ServerAddress[]
  #next = 0
  #failures = 0
  #preferred: ServerAddress | undefined
  #move: Move | undefined

  constructor(servers: readonly ServerAddress[], random: Random) {
    this.#servers = shuffled(servers, random)
    this.#random = random
  }

  get size(): number {
    return this.#servers.length
  }

  next(): ServerAddress {
    const preferred = this.#preferred ?? this.#nextOfMove()
    this.#preferred = undefined
    if (preferred !== undefined) return preferred
    const server = this.#servers[this.#next]!
    this.#next = (this.#next + 1) % this.#servers.length
    return server
  }

  /** The next dial goes to this server. */
  prefer(server: ServerAddress): void {
    this.#preferred = server
  }

  /** A server took the session: pauses start small again. */
  succeeded(): void {
    this.#failures = 0
    this.#move = undefined
  }

  /** How long to wait before the next dial: up to a bound that doubles each time all servers were tried in vain. */
  pauseMs(): number {
    const passes = Math.floor(this.#failures / this.#servers.length)
    this.#failures++
    return this.#random.next() * Math.min(pauseMsMax, pauseMsFirst * 2 ** Math.min(passes, 10))
  }

  /**
   * Takes another list. With more servers than before, clients of servers that stay go over to new ones by the share that
   * the new ones have to gain; clients of servers that leave go to new ones, or to old ones by what those have to gain.
   * @param current the server that the client is connected to
   * @returns whether the client has to leave it
   */
  update(servers: readonly ServerAddress[], current: ServerAddress | undefined): boolean {
    const before = this.#servers
    const oldServers = servers.filter((server) => isAmong(server, before))
    const newServers = servers.filter((server) => !isAmong(server, before))
    if (newServers.length === 0 && oldServers.length === before.length) return false

    this.#servers = shuffled(servers, this.#random)
    this.#next = 0
    this.#preferred = undefined
    this.#move = undefined
    const stays = current !== undefined && isAmong(current, servers)
    const isMore = servers.length > before.length
    if (stays && !(isMore && this.#random.next() < 1 - before.length / servers.length)) return false

    const oldShare = isMore
      ? 0
      : (oldServers.length * (before.length - servers.length)) /
        (servers.length * (before.length - oldServers.length))
    this.#move = {
      newServers: shuffled(newServers, this.#random),
      oldServers: shuffled(oldServers, this.#random),
      newProbability: 1 - oldShare,
    }
    return current !== undefined
  }

  #nextOfMove(): ServerAddress | undefined {
    if (this.#move === undefined) return undefined
    const { newServers, oldServers, newProbability } = this.#move
    const takesNew = oldServers.length === 0 || this.#random.next() < newProbability
    return (takesNew ? newServers.pop() : undefined) ?? oldServers.pop() ?? newServers.pop()
  }
}

function isAmong({ host, port }: ServerAddress, servers: readonly ServerAddress[]): boolean {
  return servers.some((server) => server.host === host && server.port === port)
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}
