/**
 * The network between the members of one ensemble, which a test can part.
 *
 * 1. Every connection is known by who dialled it and whom. One between members that are parted breaks at once, and none is made.
 * 2. One with a member that has fallen silent stays, and nothing comes through: what was sent arrives when the silence ends. A new
 *    one is neither made nor refused.
 */
import { connect, type NetConnectOpts, Socket } from 'node:net'

interface Connection {
  readonly from: number
  readonly to: number
  readonly socket: Socket
}

export class PeerNetwork {
  readonly #connections = new Set<Connection>()
  /** The side that a member is on; members that none is named for are all on the same one. */
  #sideById: ReadonlyMap<number, number> = new Map()
  #silentIds: ReadonlySet<number> = new Set()

  connect(from: number, to: number, options: NetConnectOpts): Socket {
    if (this.#areParted(from, to)) {
      const socket = new Socket()
      socket.destroy(new Error('the test parted the two'))
      return socket
    }
    // One that waits for an answer for ever.
    if (this.isSilent(from) || this.isSilent(to)) return new Socket()
    const socket = connect(options)
    const connection = { from, to, socket }
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
    return socket
  }

  areConnected(one: number, other: number): boolean {
    if (one === other) return true
    return !this.#areParted(one, other) && !this.isSilent(one) && !this.isSilent(other)
  }

  isSilent(id: number): boolean {
    return this.#silentIds.has(id)
  }

  /** Members that stand in no group are together on a side of their own. */
  partition(groups: readonly (readonly number[])[]): void {
    this.#sideById = new Map(groups.flatMap((ids, side) => ids.map((id) => [id, side] as const)))
    for (const { from, to, socket } of this.#connections) {
      if (this.#areParted(from, to)) socket.destroy()
    }
  }

  /** These members, and no others, hear nobody, and nobody hears them. */
  silence(ids: readonly number[]): void {
    this.#resume()
    this.#silentIds = new Set(ids)
    for (const { socket } of this.#silentConnections()) {
      socket.pause()
      socket.cork()
    }
  }

  heal(): void {
    this.#sideById = new Map()
    this.#resume()
  }

  #resume(): void {
    const connections = this.#silentConnections()
    this.#silentIds = new Set()
    for (const { socket } of connections) {
      socket.uncork()
      socket.resume()
    }
  }

  #silentConnections(): readonly Connection[] {
    return [...this.#connections].filter(({ from, to }) => this.isSilent(from) || this.isSilent(to))
  }

  #areParted(one: number, other: number): boolean {
    return this.#sideById.get(one) !== this.#sideById.get(other)
  }
}
