/**
 * A transport between a client and its servers that a test can cut, for a moment or until it is healed.
 *
 * 1. While it is isolated nothing goes through in either direction. A connection that was silent meanwhile has lost bytes, so it
 *    breaks when the silence ends.
 */
import type { Link, LinkListener, ServerAddress, Transport } from '@quorate/client/core'

/** How a client is cut off: its connections break, or nobody hears anything any more. */
export type Isolation = 'broken' | 'silent'

export class CuttableTransport implements Transport {
  readonly #transport: Transport
  readonly #links = new Set<CuttableLink>()
  #isolation: Isolation | undefined

  constructor(transport: Transport) {
    this.#transport = transport
  }

  dial(address: ServerAddress, listener: LinkListener): Link {
    const link = new CuttableLink(listener, () => this.#links.delete(link))
    this.#links.add(link)
    if (this.#isolation === undefined) link.dial(this.#transport, address)
    else if (this.#isolation === 'broken') setImmediate(() => link.cut())
    else link.isSilent = true
    return link
  }

  /** Breaks every connection that is open or being made; the next dial goes through. */
  cut(): void {
    for (const link of this.#links) link.cut()
  }

  isolate(isolation: Isolation): void {
    this.#isolation = isolation
    if (isolation === 'broken') this.cut()
    else for (const link of this.#links) link.isSilent = true
  }

  heal(): void {
    this.#isolation = undefined
    for (const link of this.#links) if (link.isSilent) link.cut()
  }
}

class CuttableLink implements Link {
  readonly #listener: LinkListener
  readonly #gone: () => void
  #link: Link | undefined
  #isOver = false
  isSilent = false

  constructor(listener: LinkListener, gone: () => void) {
    this.#listener = listener
    this.#gone = gone
  }

  dial(transport: Transport, address: ServerAddress): void {
    this.#link = transport.dial(address, {
      opened: () => {
        if (!this.isSilent) this.#listener.opened()
      },
      received: (bytes) => {
        if (!this.isSilent) this.#listener.received(bytes)
      },
      closed: (cause) => {
        if (!this.isSilent) this.#end(cause)
      },
    })
  }

  send(bytes: Uint8Array): void {
    if (!this.isSilent) this.#link?.send(bytes)
  }

  close(): void {
    this.#isOver = true
    this.#gone()
    this.#link?.close()
  }

  cut(): void {
    this.#link?.close()
    this.#end(new Error('the test cut the connection'))
  }

  #end(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#gone()
    this.#listener.closed(cause)
  }
}
