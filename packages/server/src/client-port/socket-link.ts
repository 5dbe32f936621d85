/** One client's socket: sniffs its first bytes, then hands everything to the replica. */
import type { Socket } from 'node:net'
import { readInt32 } from '@quorate/protocol'
import type { ClientLink } from '@quorate/replica'
import { argumentLength, type FourLetterWord } from '../four-letter-words/word.ts'
import { type Greeting, greetingOf } from './first-bytes.ts'

/** What a link asks of the port it belongs to. `C` is the replica's connection. */
export interface LinkOwner<C> {
  readonly juteMaxBuffer: number
  connected(link: SocketLink<C>): C | undefined
  received(connection: C, bytes: Uint8Array, start: number, end: number): void
  answer(word: FourLetterWord, argument: Uint8Array): string
  reportStranger(link: SocketLink<C>, greeting: Extract<Greeting, { kind: 'stranger' }>): void
  closing(link: SocketLink<C>): void
}

const longestOpening = 4 + 8

export class SocketLink<C> implements ClientLink {
  readonly remoteAddress: string
  readonly remotePort: number
  /** When the socket was accepted, on the monotonic clock. */
  readonly acceptedAtMs: number
  /** The replica's connection, as soon as the first bytes look like a frame. */
  connection: C | undefined
  /** Whether a four-letter word was received: one packet, for `cons`. */
  isWord = false
  isReading = true
  isClosing = false
  readonly #socket: Socket
  readonly #owner: LinkOwner<C>
  /** The first bytes while they are too few to tell what they are. */
  readonly #opening = new Uint8Array(longestOpening)
  #openingLength = 0

  constructor(
    socket: Socket,
    owner: LinkOwner<C>,
    peer: { readonly address: string; readonly port: number; readonly acceptedAtMs: number },
  ) {
    this.#socket = socket
    this.#owner = owner
    this.remoteAddress = peer.address
    this.remotePort = peer.port
    this.acceptedAtMs = peer.acceptedAtMs
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  /** Takes what arrived. The bytes are only good during the call: the next read of any connection overwrites them. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.isClosing) return
    if (this.connection !== undefined) this.#owner.received(this.connection, bytes, start, end)
    else this.#receiveOpening(bytes, start, end)
  }

  #receiveOpening(bytes: Uint8Array, start: number, end: number): void {
    if (this.#openingLength === 0 && end - start >= 4) {
      const greeting = greetingOf(readInt32(bytes, start), this.#owner.juteMaxBuffer)
      if (greeting.kind === 'frames') {
        this.#connect(bytes, start, end)
        return
      }
    }
    while (start < end && this.#openingLength < longestOpening) {
      this.#opening[this.#openingLength++] = bytes[start++]!
    }
    if (this.#openingLength >= 4) this.#greet(bytes, start, end)
  }

  /** The first four bytes are in the opening; `bytes[start, end)` is what follows it. */
  #greet(bytes: Uint8Array, start: number, end: number): void {
    const greeting = greetingOf(readInt32(this.#opening, 0), this.#owner.juteMaxBuffer)
    switch (greeting.kind) {
      case 'frames': {
        this.#connect(this.#opening, 0, this.#openingLength)
        if (start < end) this.receive(bytes, start, end)
        break
      }
      case 'word':
        this.#receiveWord(greeting.word)
        break
      case 'stranger':
        this.#owner.reportStranger(this, greeting)
        this.close()
        break
      default:
        this.close()
    }
  }

  #connect(bytes: Uint8Array, start: number, end: number): void {
    this.connection = this.#owner.connected(this)
    if (this.connection === undefined) this.close()
    else this.#owner.received(this.connection, bytes, start, end)
  }

  #receiveWord(word: FourLetterWord): void {
    const end = 4 + argumentLength(word)
    if (this.#openingLength < end) return
    this.isWord = true
    this.pause()
    this.#socket.write(this.#owner.answer(word, this.#opening.subarray(4, end)))
    this.close()
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const socket = this.#socket
    if (!socket.writable) return true
    // A view over the same memory: nothing is copied. When the system has taken all of it the stream has nothing left.
    socket.write(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
    return socket.writableLength === 0
  }

  pause(): void {
    this.isReading = false
    this.#socket.pause()
  }

  resume(): void {
    if (this.isClosing) return
    this.isReading = true
    this.#socket.resume()
  }

  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    this.isReading = false
    this.#owner.closing(this)
    this.#socket.destroySoon()
  }

  /** Closes at once, whatever is still unsent. */
  destroy(): void {
    this.isClosing = true
    this.#socket.destroy()
  }
}
