/** A transport whose links a test can cut, as a network does: the client is told that its connection is lost. */
import type { Link, LinkListener, ServerAddress, Transport } from '@quorate/client/core'

export class CuttableTransport implements Transport {
  readonly #transport: Transport
  /** Of every open link, what cuts it. */
  readonly #cuts = new Set<() => void>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  dial(address: ServerAddress, listener: LinkListener): Link {
    const link = this.#transport.dial(address, {
      opened: () => listener.opened(),
      received: (bytes) => listener.received(bytes),
      closed: (cause) => {
        this.#cuts.delete(cut)
        listener.closed(cause)
      },
    })
    const cut = (): void => {
      link.close()
      this.#cuts.delete(cut)
      listener.closed(new Error('the test cut the connection'))
    }
    this.#cuts.add(cut)
    return {
      send: (bytes) => link.send(bytes),
      close: () => {
        this.#cuts.delete(cut)
        link.close()
      },
    }
  }

  /** Breaks every connection that is open or being made; the next dial goes through. */
  cut(): void {
    for (const cut of this.#cuts) cut()
  }
}
