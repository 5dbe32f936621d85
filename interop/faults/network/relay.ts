/**
 * One way for TCP connections through this process, which bytes can be held on.
 *
 * 1. Bytes arrive in order and whole, as TCP sees to it: what a network loses comes later, and so does what was sent while the
 *    way was cut, once it is healed. The end of a connection waits behind its bytes.
 * 2. A connection is only made while both directions are open, as packets have to go both ways for it.
 * 3. What waits is bounded, as in a kernel: behind that the sender is held up.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Prng } from '@quorate/simulator'
import type { Address } from './fault-network.ts'

const waitingBytesMax = 262_144
/** In which TCP sends lost packets again. */
const resendLeastMs = 200
const resendMostMs = 1_000

/** One direction between two places, for all connections. */
export class RelayedWay {
  readonly #random: Prng
  readonly #waiting = new Set<() => void>()
  #isCut = false
  delayMs = 0
  /** Chance that a part of the stream is lost, and comes later. */
  lossChance = 0
  bytesPerSecond: number = Infinity

  constructor(random: Prng) {
    this.#random = random
  }

  get isCut(): boolean {
    return this.#isCut
  }

  cut(): void {
    this.#isCut = true
  }

  heal(): void {
    this.#isCut = false
    this.delayMs = 0
    this.lossChance = 0
    this.bytesPerSecond = Infinity
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const goOn of waiting) goOn()
  }

  /** Calls back when the way has been healed. */
  whenHealed(goOn: () => void): void {
    this.#waiting.add(goOn)
  }

  forget(goOn: () => void): void {
    this.#waiting.delete(goOn)
  }

  /** How long so many bytes take. */
  travelMs(length: number): number {
    const isLost = this.lossChance > 0 && this.#random.chance(this.lossChance)
    const resentMs = isLost ? this.#random.between(resendLeastMs, resendMostMs) : 0
    return this.delayMs + resentMs + (1_000 * length) / this.bytesPerSecond
  }
}

export interface RelayPlan {
  readonly port: number
  readonly target: Address
  /** From who dials to who is dialled, */
  readonly there: RelayedWay
  /** and back. */
  readonly back: RelayedWay
}

export class Relay {
  readonly #plan: RelayPlan
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(plan: RelayPlan, server: Server) {
    this.#plan = plan
    this.#server = server
    server.on('connection', (near) => this.#accepted(near))
  }

  static open(plan: RelayPlan): Promise<Relay> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true })
      const relay = new Relay(plan, server)
      server.once('error', reject)
      server.listen(plan.port, '127.0.0.1', () => resolve(relay))
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accepted(near: Socket): void {
    const { there, back, target } = this.#plan
    this.#keep(near)
    const dial = (): void => {
      if (near.destroyed) return
      const shut = [there, back].find(({ isCut }) => isCut)
      if (shut !== undefined) return shut.whenHealed(dial)
      const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
      this.#keep(far)
      Stream.lead(near, far, there)
      Stream.lead(far, near, back)
    }
    dial()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // Each stream looks at its own end of the connection.
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

interface Part {
  /** Undefined: the stream ends here; with `isReset` the connection does. */
  readonly bytes: Buffer | undefined
  readonly isReset: boolean
  readonly dueMs: number
}

class Stream {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #way: RelayedWay
  readonly #parts: Part[] = []
  readonly #goOn = (): void => this.#flush()
  #waitingBytes = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | undefined

  /** Until either of them is gone. */
  static lead(source: Socket, sink: Socket, way: RelayedWay): void {
    const stream = new Stream(source, sink, way)
    source.on('data', (bytes: Buffer) => stream.#push(bytes, false))
    source.once('end', () => stream.#push(undefined, false))
    source.once('error', () => stream.#push(undefined, true))
    sink.once('close', () => stream.#over())
  }

  private constructor(source: Socket, sink: Socket, way: RelayedWay) {
    this.#source = source
    this.#sink = sink
    this.#way = way
  }

  #push(bytes: Buffer | undefined, isReset: boolean): void {
    const length = bytes?.length ?? 0
    const now = performance.now()
    const { bytesPerSecond } = this.#way
    // What goes through a narrow way queues up; delays do not add up.
    const dueMs = Math.max(
      now + this.#way.travelMs(length),
      this.#lastDueMs + (1_000 * length) / bytesPerSecond,
    )
    this.#lastDueMs = dueMs
    this.#parts.push({ bytes, isReset, dueMs })
    this.#waitingBytes += length
    if (this.#waitingBytes > waitingBytesMax) this.#source.pause()
    this.#flush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      if (this.#way.isCut) return this.#way.whenHealed(this.#goOn)
      const waitMs = part.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(this.#goOn, Math.ceil(waitMs))
        return
      }
      this.#parts.shift()
      this.#hand(part)
    }
    if (this.#source.isPaused()) this.#source.resume()
  }

  #hand({ bytes, isReset }: Part): void {
    if (isReset) {
      // Node keeps the handle of a socket for ever that is reset behind its end.
      if (this.#sink.writableEnded) this.#sink.destroy()
      else this.#sink.resetAndDestroy()
    } else if (bytes === undefined) {
      this.#sink.end()
    } else {
      this.#waitingBytes -= bytes.length
      this.#sink.write(bytes)
    }
  }

  /** Who was to get it is gone: the sender is told, if the way back lets it be. */
  #over(): void {
    clearTimeout(this.#timer)
    this.#way.forget(this.#goOn)
    this.#parts.length = 0
    // Whoever goes on sending to it gets a reset; reading on lets this process notice.
    this.#source.resume()
  }
}
