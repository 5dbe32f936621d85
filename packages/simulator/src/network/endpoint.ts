/**
 * One end of a connection: an ordered stream of bytes each way, in the manner of TCP.
 *
 * 1. Bytes arrive in order, cut into parts anywhere, after a delay.
 * 2. The end of the stream comes behind its bytes. A reset does not wait for them.
 * 3. `closed` is called once, whoever ended the connection. After it, and after {@link Endpoint.close}, no bytes come.
 */
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { World } from '../world.ts'
import type { NetworkConditions } from './conditions.ts'

/** What the owner of an endpoint is told. */
export interface EndpointHandler {
  received(bytes: Uint8Array): void
  /** Everything that was sent has been taken by the peer. */
  drained(): void
  closed(cause: string): void
}

export interface EndpointParts {
  readonly connection: number
  /** Whether this end asked for the connection. */
  readonly isDialler: boolean
  readonly host: Host
  readonly world: World
  readonly random: Prng
  readonly conditions: NetworkConditions
}

/** Bytes on their way, or the end of the stream. */
type Arrival =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly endsMessage: boolean }
  | { readonly type: 'end' }

export class Endpoint {
  readonly connection: number
  readonly host: Host
  /** The life of the process that the endpoint belongs to. */
  readonly life: number
  /** The other end; the network sets it when it has made both. */
  peer: Endpoint | undefined
  handler: EndpointHandler | undefined
  /** Set: the connection is reset when this many bytes have been handed to this end. */
  resetAtByte: number | undefined
  /** Bytes to this end and from it vanish, and nobody is told. */
  isSilent = false
  readonly #parts: EndpointParts
  /** Nothing is sent any more. */
  #isOver = false
  #isClosedByOwner = false
  #isReadPaused = false
  #stalledUntilUs = 0
  #waiting: Arrival[] = []
  #queuedBytes = 0
  #receivedBytes = 0
  #lastArrivalUs = 0

  constructor(parts: EndpointParts) {
    this.#parts = parts
    this.connection = parts.connection
    this.host = parts.host
    this.life = parts.host.life
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** Bytes sent that the peer has not taken. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Sends one message; a copy is taken. */
  send(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#queuedBytes += bytes.length
    for (const part of this.#split(bytes.slice()))
      this.#transmit(`n${this.connection} brings ${part.bytes.length} bytes`, (peer) =>
        peer.#arrive({ type: 'bytes', ...part }),
      )
  }

  /** Ends the connection behind what was sent. */
  close(): void {
    this.#isClosedByOwner = true
    if (this.#isOver) return
    this.#isOver = true
    this.#transmit(`n${this.connection} ends`, (peer) => peer.#arrive({ type: 'end' }))
    this.host.after(0, 'input', `n${this.connection} is closed`, () =>
      this.handler?.closed('the connection was closed from this side'),
    )
  }

  /** The process is gone: the endpoint says no more, and the kernel tells the peer if there still is one. */
  abandon(isPeerTold: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (isPeerTold)
      this.#transmit(`n${this.connection} is reset`, (peer) => peer.fail('the process ended'))
  }

  /** This end learns that the connection is gone, bytes under way or not. */
  fail(cause: string): void {
    if (this.#isOver || this.life !== this.host.life) return
    this.#isOver = true
    this.host.gate('input', `n${this.connection} fails`, () => this.handler?.closed(cause))
  }

  /** Nothing is handed over for a while; then everything that came meanwhile is. */
  stall(durationUs: number): void {
    this.#stalledUntilUs = this.host.nowUs + durationUs
    this.host.after(durationUs, 'input', `n${this.connection} goes on`, () => this.#takeWaiting())
  }

  pauseReading(): void {
    this.#isReadPaused = true
  }

  resumeReading(): void {
    if (!this.#isReadPaused) return
    this.#isReadPaused = false
    this.host.after(0, 'input', `n${this.connection} is read again`, () => this.#takeWaiting())
  }

  /** The message as it is, or in parts cut anywhere. */
  #split(
    bytes: Uint8Array,
  ): readonly { readonly bytes: Uint8Array; readonly endsMessage: boolean }[] {
    const { random, conditions, world } = this.#parts
    if (bytes.length < 2 || !random.chance(conditions.splitChance))
      return [{ bytes, endsMessage: true }]
    world.faults.hit('network.split')
    const parts: { bytes: Uint8Array; endsMessage: boolean }[] = []
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + random.between(1, bytes.length - 1))
      parts.push({ bytes: bytes.subarray(at, end), endsMessage: end === bytes.length })
      at = end
    }
    return parts
  }

  #transmit(what: string, arrive: (peer: Endpoint) => void): void {
    const { peer } = this
    if (this.isSilent || peer === undefined) return
    const { random, conditions, world } = this.#parts
    const { scheduler } = world
    if (conditions.isSlow) world.faults.hit('network.slow')
    const delayUs = random.between(conditions.latencyLeastUs, conditions.latencyMostUs)
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, scheduler.nowUs + delayUs)
    scheduler.after(this.#lastArrivalUs - scheduler.nowUs, peer.host.name, what, () => arrive(peer))
  }

  #arrive(arrival: Arrival): void {
    if (this.isSilent || !this.host.isUp) return
    if (this.life !== this.host.life) {
      // The kernel of a process that is gone knows no such connection.
      this.peer?.fail('no such connection')
      return
    }
    this.#waiting.push(arrival)
    this.#takeWaiting()
  }

  #takeWaiting(): void {
    while (!this.#isOver && !this.#isReadPaused && this.host.nowUs >= this.#stalledUntilUs) {
      const arrival = this.#waiting.shift()
      if (arrival === undefined) return
      if (arrival.type === 'end') this.fail('the peer closed the connection')
      else this.#take(arrival.bytes, arrival.endsMessage)
    }
  }

  #take(bytes: Uint8Array, endsMessage: boolean): void {
    const { world } = this.#parts
    const takenLength = Math.min(bytes.length, this.#bytesUntilReset())
    const isReset = this.#bytesUntilReset() <= bytes.length
    this.#receivedBytes += takenLength
    const { peer } = this
    if (peer !== undefined) peer.#acknowledge(bytes.length)
    if (endsMessage && takenLength === bytes.length)
      world.observe({
        type: 'arrived',
        isFromDialler: !this.#parts.isDialler,
        connection: this.connection,
      })
    if (takenLength > 0) {
      this.host.gate('input', `n${this.connection} is read`, () => {
        if (!this.#isClosedByOwner) this.handler?.received(bytes.subarray(0, takenLength))
      })
    }
    if (!isReset) return
    world.faults.hit('network.reset')
    this.host.note(`n${this.connection} is reset at byte ${this.#receivedBytes}`)
    this.fail('the connection was reset')
    peer?.fail('the connection was reset')
  }

  #bytesUntilReset(): number {
    return this.resetAtByte === undefined
      ? Infinity
      : Math.max(0, this.resetAtByte - this.#receivedBytes)
  }

  #acknowledge(count: number): void {
    this.#queuedBytes -= count
    if (this.#queuedBytes > 0 || this.#isOver || this.life !== this.host.life) return
    this.host.gate('input', `n${this.connection} is drained`, () => {
      if (!this.#isOver) this.handler?.drained()
    })
  }
}
