/** One connection with another server, on a TCP socket. */
import type { Socket } from 'node:net'
import type { PeerLink, PeerLinkListener } from '@quorate/consensus'

/** Everything that a member hears of comes through here; what comes after the member's end is dropped. */
export type Enter = (event: () => void) => void

/** How long a connection that is being closed may take to send what it still has. */
const lingerMs = 5_000

export class PeerSocketLink implements PeerLink {
  readonly #socket: Socket
  readonly #enter: Enter
  #listener: PeerLinkListener | undefined
  #isClosing = false
  #linger: NodeJS.Timeout | undefined
  #failure: string | undefined

  constructor(socket: Socket, enter: Enter) {
    this.#socket = socket
    this.#enter = enter
    socket.on('error', (error) => (this.#failure = error.message))
    socket.on('drain', () => enter(() => this.#listener?.drained()))
    socket.on('close', () => this.#closed())
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  /** From now on the listener hears of what happens on the connection. Call it before anything is read. */
  attach(listener: PeerLinkListener): void {
    this.#listener = listener
  }

  /** Takes what arrived; the bytes are only good during the call. */
  receive(bytes: Uint8Array, end: number): void {
    if (!this.#isClosing) this.#enter(() => this.#listener?.received(bytes, 0, end))
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const socket = this.#socket
    if (!socket.writable) return true
    // A view over the same memory: nothing is copied. When the system has taken all of it the stream has nothing left.
    socket.write(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
    return socket.writableLength === 0
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isClosing) this.#socket.resume()
  }

  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#socket.destroySoon()
    this.#linger = setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }

  /** Closes at once, whatever is still unsent. */
  destroy(): void {
    this.#isClosing = true
    this.#socket.destroy()
  }

  #closed(): void {
    clearTimeout(this.#linger)
    const reason =
      this.#failure ??
      (this.#isClosing ? 'this server closed the connection' : 'the peer closed the connection')
    this.#isClosing = true
    this.#enter(() => this.#listener?.closed(reason))
  }
}
