/**
 * One end of a connection: an ordered stream of bytes each way, in the manner of TCP.
 *
 * 1. Bytes arrive in order, cut into parts anywhere, after a delay.
 * 2. The end of the stream comes behind its bytes. A reset does not wait for them.
 * 3. `closed` is called once, whoever ended the connection. After it, and after {@link Endpoint.close}, no bytes come.
 * 4. While the way is blocked everything waits, and goes on in order when it is healed.
 */
import { ByteArena } from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { World } from '../world.ts'
import type { NetworkConditions } from './conditions.ts'
import type { Link } from './link.ts'

/** What a host listens for. */
export type Port = 'client' | 'quorum' | 'observers' | 'election'

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
  readonly port: Port
  readonly host: Host
  /** From this end to the other, and back. */
  readonly wayOut: Link
  readonly wayIn: Link
  readonly world: World
  readonly random: Prng
  readonly conditions: NetworkConditions
}

/** Bytes on their way, or the end of the stream; `cause` says why a stream ends. */
interface Arrival {
  readonly type: 'bytes' | 'end' | 'reset'
  readonly bytes: Uint8Array
  readonly endsMessage: boolean
  readonly cause: string
}

/**
 * How long a kernel goes on with what nobody acknowledges: minutes in the real world; times are short here. Learners and leaders may
 * not count on it; the election's connections have nothing else that would tell them.
 */
const acknowledgementMostUs: Readonly<Record<Port, number>> = {
  client: 4_000_000,
  quorum: 15_000_000,
  observers: 15_000_000,
  election: 4_000_000,
}

/** What goes through a narrow way comes bit by bit. */
const narrowSplitChance = 0.8

const noBytes = new Uint8Array(0)
const arena = new ByteArena()

export class Endpoint {
  readonly connection: number
  readonly port: Port
  readonly host: Host
  /** The life of the process that the endpoint belongs to. */
  readonly life: number
  /** The other end; the network sets it when it has made both. */
  peer: Endpoint | undefined
  handler: EndpointHandler | undefined
  /** Set: the connection is reset when this many bytes have been handed to this end. */
  resetAtByte: number | undefined
  /** Set: a copy of the first message goes to this one, whose peer took the same dial for another connection. */
  twin: Endpoint | undefined
  readonly #parts: EndpointParts
  #isSilent = false
  /** Nothing is sent any more. */
  #isOver = false
  #isClosedByOwner = false
  #isReadPaused = false
  #isHeldByLink = false
  #isAwaiting = false
  #stalledUntilUs = 0
  /** Sent to this end, and not there yet. */
  readonly #onTheirWay: Arrival[] = []
  /** There, and not handed over. */
  readonly #waiting: Arrival[] = []
  /** Handed over while the process stood still, and not read. */
  readonly #unread: Uint8Array[] = []
  #queuedBytes = 0
  #receivedBytes = 0
  #lastArrivalUs = 0
  readonly #arriveNext = (): void => this.#arrive(this.#onTheirWay.shift()!)

  constructor(parts: EndpointParts) {
    this.#parts = parts
    this.connection = parts.connection
    this.port = parts.port
    this.host = parts.host
    this.life = parts.host.life
  }

  get isSilent(): boolean {
    return this.#isSilent
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
  send(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    if (this.#isOver) return
    this.#queuedBytes += end - start
    const { twin } = this
    if (twin !== undefined) {
      this.twin = undefined
      twin.send(bytes, start, end)
    }
    this.#sendParts(arena.copy(bytes, start, end))
  }

  /** Ends the connection behind what was sent. */
  close(): void {
    this.#isClosedByOwner = true
    if (this.#isOver) return
    this.#isOver = true
    this.#transmit('n% ends', { type: 'end', ...noParts, cause: 'the peer closed the connection' })
    this.host.after(
      0,
      'input',
      'n% is closed',
      () => this.handler?.closed('the connection was closed from this side'),
      this.connection,
    )
  }

  /** The process is gone: the endpoint says no more, and the kernel tells the peer if there still is one. */
  abandon(isPeerTold: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    const { peer } = this
    if (isPeerTold) this.#transmitReset('the process ended')
    // It may not hear of that.
    if (peer !== undefined && peer.queuedBytes > 0) peer.#awaitAcknowledgement()
  }

  /** This end learns that the connection is gone, bytes under way or not. */
  fail(cause: string): void {
    if (this.#isOver || this.life !== this.host.life) return
    this.#isOver = true
    this.host.gate('input', 'n% fails', () => this.handler?.closed(cause), this.connection)
  }

  /** From now on bytes to this end and from it vanish, and nobody is told. For good: no kernel takes what comes behind a gap. */
  silence(): void {
    this.#isSilent = true
  }

  /** Nothing is handed over for a while; then everything that came meanwhile is. */
  stall(durationUs: number): void {
    this.#stalledUntilUs = this.host.nowUs + durationUs
    this.host.after(durationUs, 'input', 'n% goes on', () => this.#takeWaiting(), this.connection)
  }

  pauseReading(): void {
    this.#isReadPaused = true
  }

  resumeReading(): void {
    if (!this.#isReadPaused) return
    this.#isReadPaused = false
    this.host.after(0, 'input', 'n% is read again', () => this.#takeWaiting(), this.connection)
  }

  /** The message as it is, or in parts cut anywhere. */
  #sendParts(bytes: Uint8Array): void {
    const { random, conditions, world, wayOut } = this.#parts
    const splitChance = wayOut.isNarrow ? narrowSplitChance : conditions.splitChance
    if (bytes.length < 2 || !random.chance(splitChance)) return this.#sendPart(bytes, true)
    world.faults.hit('network.split')
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + random.between(1, bytes.length - 1))
      this.#sendPart(bytes.subarray(at, end), end === bytes.length)
      at = end
    }
  }

  #sendPart(bytes: Uint8Array, endsMessage: boolean): void {
    this.#transmit('n% brings % bytes', { type: 'bytes', bytes, endsMessage, cause: '' })
  }

  #transmitReset(cause: string): void {
    this.#transmit('n% is reset', { type: 'reset', ...noParts, cause })
  }

  #transmit(what: string, arrival: Arrival): void {
    const { peer } = this
    if (peer === undefined) return
    if (this.#isSilent || peer.#isSilent) this.#awaitAcknowledgement()
    if (this.#isSilent) return
    const { scheduler } = this.#parts.world
    const arrivalUs = Math.max(
      this.#lastArrivalUs,
      scheduler.nowUs + this.#delayUs(arrival.bytes.length),
    )
    this.#lastArrivalUs = arrivalUs
    peer.#onTheirWay.push(arrival)
    const length = arrival.type === 'bytes' ? arrival.bytes.length : undefined
    scheduler.after(
      arrivalUs - scheduler.nowUs,
      peer.host.name,
      what,
      peer.#arriveNext,
      this.connection,
      length,
    )
  }

  /** A kernel sends again and again what nobody acknowledges, and gives up in the end. */
  #awaitAcknowledgement(): void {
    if (this.#isAwaiting) return
    this.#isAwaiting = true
    this.host.after(
      acknowledgementMostUs[this.port],
      'timer',
      'n% is given up by the kernel',
      () => this.fail('nothing that was sent has been acknowledged'),
      this.connection,
    )
  }

  #delayUs(length: number): number {
    const { random, conditions, world, wayOut } = this.#parts
    const { nowUs } = world.scheduler
    if (conditions.isSlow) world.faults.hit('network.slow')
    let delayUs = random.between(conditions.latencyLeastUs, conditions.latencyMostUs)
    if (wayOut.unevenMostUs > 0) delayUs += random.below(wayOut.unevenMostUs)
    const queueUs = wayOut.queueUs(nowUs, length)
    if (queueUs > 1_000) world.faults.hit('network.slow-link')
    delayUs += queueUs
    const isOvertaking = wayOut.overtakes(this.connection, nowUs + delayUs)
    if (isOvertaking && wayOut.unevenMostUs > 0) world.faults.hit('network.reorder')
    return delayUs
  }

  #arrive(arrival: Arrival): void {
    const { peer } = this
    if (this.#isSilent || !this.host.isUp) {
      if (peer !== undefined) peer.#awaitAcknowledgement()
      return
    }
    if (this.life !== this.host.life) {
      // The kernel of a process that is gone knows no such connection.
      if (arrival.type !== 'reset') this.#transmitReset('no such connection')
      return
    }
    if (arrival.type === 'reset' && !this.#parts.wayIn.isBlocked) {
      this.fail(arrival.cause)
      return
    }
    this.#waiting.push(arrival)
    this.#takeWaiting()
  }

  #takeWaiting(): void {
    while (this.#unread.length > 0 && !this.#isReadPaused && !this.#isClosedByOwner)
      this.handler?.received(this.#unread.shift()!)
    while (!this.#isOver && !this.#isReadPaused && this.host.nowUs >= this.#stalledUntilUs) {
      if (this.#waiting.length === 0 || this.#isHeld()) return
      const arrival = this.#waiting.shift()!
      if (arrival.type === 'bytes') this.#take(arrival.bytes, arrival.endsMessage)
      else this.fail(arrival.cause)
    }
  }

  /** Whether the way to here is blocked; then this goes on when it is free. */
  #isHeld(): boolean {
    const { wayIn, world } = this.#parts
    if (wayIn.blockedBy === undefined) return false
    if (this.#isHeldByLink) return true
    this.#isHeldByLink = true
    world.faults.hit(wayIn.blockedBy)
    wayIn.whenFree(() => {
      this.#isHeldByLink = false
      if (this.life !== this.host.life || !this.host.isUp) return
      this.#takeWaiting()
    })
    return true
  }

  #take(bytes: Uint8Array, endsMessage: boolean): void {
    const { world, isDialler } = this.#parts
    const untilReset = this.#bytesUntilReset()
    const takenLength = Math.min(bytes.length, untilReset)
    this.#receivedBytes += takenLength
    const { peer } = this
    if (peer !== undefined) peer.#acknowledge(bytes.length)
    if (endsMessage && takenLength === bytes.length && this.port === 'client')
      world.observe({
        type: 'arrived',
        isFromDialler: !isDialler,
        connection: this.connection,
      })
    if (takenLength > 0) this.#handOver(bytes, takenLength)
    if (untilReset > bytes.length) return
    world.faults.hit('network.reset')
    this.host.note('n% is reset at byte %', this.connection, this.#receivedBytes)
    this.fail('the connection was reset')
    peer?.fail('the connection was reset')
  }

  #handOver(bytes: Uint8Array, length: number): void {
    const taken = length === bytes.length ? bytes : bytes.subarray(0, length)
    // Nearly all that is read is read at once.
    if (!this.host.isPaused) return this.#read(taken)
    this.host.gate('input', 'n% is read', () => this.#read(taken), this.connection)
  }

  #read(bytes: Uint8Array): void {
    if (this.#isClosedByOwner) return
    // The process stood still, and what it read since made it stop reading: the rest is still the kernel's.
    if (this.#isReadPaused) this.#unread.push(bytes)
    else this.handler?.received(bytes)
  }

  #bytesUntilReset(): number {
    return this.resetAtByte === undefined
      ? Infinity
      : Math.max(0, this.resetAtByte - this.#receivedBytes)
  }

  #acknowledge(count: number): void {
    this.#queuedBytes -= count
    if (this.#queuedBytes > 0 || this.#isOver || this.life !== this.host.life) return
    const { handler } = this
    if (handler === undefined) return
    if (!this.host.isPaused) return handler.drained()
    this.host.gate(
      'input',
      'n% is drained',
      () => {
        if (!this.#isOver) handler.drained()
      },
      this.connection,
    )
  }
}

const noParts = { bytes: noBytes, endsMessage: false }
