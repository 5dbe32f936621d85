/** What all sockets between servers have in common: their options, and the list of those that are open. */
import type { Socket } from 'node:net'
import { PeerNames } from './peer-names.ts'
import { type Enter, PeerSocketLink } from './peer-socket-link.ts'

export interface PeerSocketOptions {
  /** How long a connection may be silent before the system asks whether the peer is still there, ms. */
  readonly keepAliveDelayMs: number
}

export class PeerSockets {
  readonly names: PeerNames = new PeerNames()
  readonly #options: PeerSocketOptions
  readonly #open = new Set<PeerSocketLink>()
  #emptied: (() => void) | undefined

  constructor(options: PeerSocketOptions) {
    this.#options = options
  }

  /** A connected socket becomes a link. */
  adopt(socket: Socket, enter: Enter): PeerSocketLink {
    socket.setNoDelay(true)
    // Compatibility: always, where Apache has tcpKeepAlive=false by default. An election connection is silent for days, and one whose
    // peer has lost its power, or a firewall its memory, would never be noticed (ZOOKEEPER-2938, 3912).
    socket.setKeepAlive(true, this.#options.keepAliveDelayMs)
    const link = new PeerSocketLink(socket, enter)
    this.#open.add(link)
    socket.on('close', () => {
      this.#open.delete(link)
      if (this.#open.size === 0) this.#emptied?.()
    })
    return link
  }

  /** Breaks every connection, whatever is still unsent. */
  destroyAll(): void {
    for (const link of this.#open) link.destroy()
  }

  /** Breaks every connection, and resolves when the last is gone. */
  async closeAll(): Promise<void> {
    if (this.#open.size === 0) return
    const emptied = new Promise<void>((resolve) => (this.#emptied = resolve))
    this.destroyAll()
    await emptied
  }
}
