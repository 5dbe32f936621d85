/**
 * A transport between a client and its servers that a test can cut, or silence, for a moment or until it is healed.
 *
 * 1. While the client is cut off no connection is made, and those that were there break.
 * 2. While there is silence nothing comes through in either direction, and nobody is told. What was sent arrives when it ends, as from
 *    a cable that was pulled and put back. A connection that was to be made during it is made then.
 */
import type { Link, LinkListener, ServerAddress, Transport } from '@quorate/client/core'

export class CuttableTransport implements Transport {
  readonly #transport: Transport
  readonly #links = new Set<CuttableLink>()
  #isCutOff = false
  #isSilent: (address: ServerAddress) => boolean = nowhere

  constructor(transport: Transport) {
    this.#transport = transport
  }

  dial(address: ServerAddress, listener: LinkListener): Link {
    const link = new CuttableLink(address, listener, () => this.#links.delete(link))
    this.#links.add(link)
    if (this.#isCutOff) setImmediate(() => link.cut())
    else {
      if (this.#isSilent(address)) link.silence()
      link.dial(this.#transport)
    }
    return link
  }

  /** Breaks every connection that is open or being made; the next dial goes through. */
  cut(): void {
    for (const link of this.#links) link.cut()
  }

  /** From now on no server is to be reached. */
  cutOff(): void {
    this.#isCutOff = true
    this.cut()
  }

  /** From now on these servers are silent. */
  silence(isSilent: (address: ServerAddress) => boolean): void {
    this.#isSilent = isSilent
    for (const link of this.#links) if (isSilent(link.address)) link.silence()
  }

  heal(): void {
    this.#isCutOff = false
    this.#isSilent = nowhere
    for (const link of this.#links) link.resume()
  }
}

class CuttableLink implements Link {
  readonly address: ServerAddress
  readonly #listener: LinkListener
  readonly #gone: () => void
  #link: Link | undefined
  /** What is on its way while there is silence. */
  #held: (() => void)[] | undefined
  #isOver = false

  constructor(address: ServerAddress, listener: LinkListener, gone: () => void) {
    this.address = address
    this.#listener = listener
    this.#gone = gone
  }

  dial(transport: Transport): void {
    this.#link = transport.dial(this.address, {
      opened: () => this.#pass(() => this.#listener.opened()),
      received: (bytes) => this.#pass(() => this.#listener.received(bytes)),
      closed: (cause) => this.#pass(() => this.#end(cause)),
    })
  }

  send(bytes: Uint8Array): void {
    this.#pass(() => this.#link?.send(bytes))
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

  silence(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const step of held) this.#pass(step)
  }

  #pass(step: () => void): void {
    if (this.#isOver) return
    if (this.#held === undefined) step()
    else this.#held.push(step)
  }

  #end(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#gone()
    this.#listener.closed(cause)
  }
}

function nowhere(): boolean {
  return false
}
