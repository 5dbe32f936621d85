/**
 * One connection between a client and a server of the same process, without a socket.
 *
 * 1. Bytes arrive in the order they were sent, never within the call that sends them, and before the end of the connection.
 * 2. Who closes hears nothing more; the other end is told once.
 */
import type { Clock, LinkListener } from '@quorate/client/core'
import type { ClientLink } from '@quorate/replica'

/** The server's end of it, as the server has it handled. */
export interface PipeReceiver {
  received(bytes: Uint8Array): void
  disconnected(): void
}

export class Pipe implements ClientLink {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort: number
  /** What was written is taken at once. */
  readonly queuedBytes = 0
  readonly #clock: Clock
  readonly #client: LinkListener
  #receiver: PipeReceiver | undefined
  #isReading = true
  #isClosedByClient = false
  #isOver = false
  /** Sent by the client and not yet read. */
  readonly #unread: Uint8Array[] = []

  constructor(parts: {
    readonly port: number
    readonly clock: Clock
    readonly client: LinkListener
    readonly accept: (pipe: Pipe) => PipeReceiver
  }) {
    this.remotePort = parts.port
    this.#clock = parts.clock
    this.#client = parts.client
    this.#clock.afterTurn(() => {
      if (this.#isOver) return
      this.#receiver = parts.accept(this)
      this.#client.opened()
    })
  }

  // The client's end.

  send(bytes: Uint8Array): void {
    this.#unread.push(bytes)
    this.#clock.afterTurn(() => this.#read())
  }

  /** By either end: what was written before still arrives. */
  close(): void {
    this.#clock.afterTurn(() => this.break(new Error('the server closed the connection')))
  }

  /** The client's end is closed. */
  hangUp(): void {
    this.#isClosedByClient = true
    this.close()
  }

  // The server's end.

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const copy = new Uint8Array(end - start)
    copy.set(bytes.subarray(start, end))
    this.#clock.afterTurn(() => {
      if (!this.#isOver && !this.#isClosedByClient) this.#client.received(copy)
    })
    return true
  }

  pause(): void {
    this.#isReading = false
  }

  resume(): void {
    this.#isReading = true
    this.#clock.afterTurn(() => this.#read())
  }

  /** Ends it now, whatever is on its way. */
  break(cause: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver?.disconnected()
    if (!this.#isClosedByClient) this.#client.closed(cause)
  }

  #read(): void {
    while (this.#isReading && !this.#isOver) {
      const bytes = this.#unread.shift()
      if (bytes === undefined) return
      this.#receiver?.received(bytes)
    }
  }
}
