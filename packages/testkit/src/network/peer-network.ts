/**
 * The network between the members of one ensemble, which a test can part.
 *
 * 1. Every connection is known by who dialled it and whom. One between members that are parted breaks at once, and none is made.
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

  connect(from: number, to: number, options: NetConnectOpts): Socket {
    if (!this.areConnected(from, to)) {
      const socket = new Socket()
      socket.destroy(new Error('the test parted the two'))
      return socket
    }
    const socket = connect(options)
    const connection = { from, to, socket }
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
    return socket
  }

  areConnected(one: number, other: number): boolean {
    return this.#sideById.get(one) === this.#sideById.get(other)
  }

  /** Members that stand in no group are together on a side of their own. */
  partition(groups: readonly (readonly number[])[]): void {
    this.#sideById = new Map(groups.flatMap((ids, side) => ids.map((id) => [id, side] as const)))
    for (const { from, to, socket } of this.#connections) {
      if (!this.areConnected(from, to)) socket.destroy()
    }
  }

  heal(): void {
    this.#sideById = new Map()
  }
}
