/**
 * A client at the level of the protocol: keeps a session alive, comes back after a lost connection, and asks for what its
 * workload wants. It tells all that it sends and gets, and judges nothing: that is the checkers' affair.
 *
 * 1. Xids grow over all connections of a session, so session and xid name a request.
 * 2. A request that was cut off is never sent again: nobody knows whether it was carried out.
 */
import {
  type ConnectResponse,
  connectRequest,
  connectResponse,
  decode,
  encode,
  ErrorCode,
  type EventType,
  formatSessionId,
  replyHeader,
  replyHeaderLength,
  type SessionId,
  watcherEvent,
  Xid,
  type Zxid,
} from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Endpoint } from '../network/endpoint.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { Appointment } from '../scheduler.ts'
import type { Workload } from '../workload/workload.ts'
import { usPerMs, type World } from '../world.ts'
import { ClientWatches } from './client-watches.ts'
import { FrameReader } from './frame-reader.ts'
import { describe, type Operation } from './operation.ts'
import { decodeAnswer, encodeOperation, framed } from './operation-codec.ts'

export interface ClientSettings {
  readonly servers: readonly string[]
  readonly sessionTimeoutMs: number
  /** Operations under way at a time, at most. */
  readonly depthMax: number
  /** Longest pause between two operations. */
  readonly thinkMostMs: number
}

interface Link {
  readonly server: string
  readonly endpoint: Endpoint
  readonly frames: FrameReader
  /** In the order in which they were sent, as they must be answered. */
  readonly unanswered: { readonly xid: number; readonly operation: Operation }[]
  /** The session that the server gave or kept; undefined until it did. */
  session: SessionId | undefined
}

const noSession = 0n as SessionId

export class SimulatedClient {
  readonly host: Host
  readonly #world: World
  readonly #network: Network
  readonly #random: Prng
  readonly #settings: ClientSettings
  readonly #workload: Workload
  readonly #watches = new ClientWatches()
  #session: SessionId = noSession
  #password = new Uint8Array(16)
  #timeoutMs: number
  #lastZxid: Zxid = 0
  #lastXid = 0
  #heardAtUs = 0
  #link: Link | undefined
  #thinking: Appointment | undefined
  #isStopping = false

  constructor(
    host: Host,
    parts: {
      readonly world: World
      readonly network: Network
      readonly settings: ClientSettings
      readonly workload: Workload
    },
  ) {
    this.host = host
    this.#world = parts.world
    this.#network = parts.network
    this.#random = parts.world.random.fork(`client ${host.name}`)
    this.#settings = parts.settings
    this.#workload = parts.workload
    this.#timeoutMs = parts.settings.sessionTimeoutMs
  }

  get isIdle(): boolean {
    return (this.#link?.unanswered.length ?? 0) === 0
  }

  /** Starts the process; a client that has been killed starts over, with nothing. */
  start(): void {
    this.host.powerOn()
    this.#forgetSession()
    this.#lastZxid = 0
    this.#link = undefined
    this.#later(this.#random.below(50), 'dials', () => this.#dial())
    this.#watchOver()
  }

  /** From now on nothing new is asked for. */
  stop(): void {
    this.#isStopping = true
  }

  /** The process dies without a word; its session is left to expire. */
  kill(losesPower: boolean): void {
    const link = this.#link
    if (link?.session !== undefined)
      this.#world.observe({ type: 'disconnected', ...this.#moment(link) })
    this.#thinking?.cancel()
    this.#thinking = undefined
    this.#network.processEnded(this.host, losesPower)
    this.host.endProcess(losesPower)
    this.#link = undefined
  }

  #dial(): void {
    const server = this.#random.pick(this.#settings.servers)
    const endpoint = this.#network.dial(this.host, server, {
      opened: () => endpoint.send(framed(this.#connectRequest())),
      failed: (cause) => this.#disconnected(link, cause),
    })
    const link: Link = {
      server,
      endpoint,
      frames: new FrameReader(),
      unanswered: [],
      session: undefined,
    }
    endpoint.handler = {
      received: (bytes) => this.#received(link, bytes),
      drained: () => {},
      closed: (cause) => this.#disconnected(link, cause),
    }
    this.#link = link
    this.#heardAtUs = this.host.nowUs
  }

  #connectRequest(): Uint8Array {
    return encode(connectRequest, {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeOut: this.#settings.sessionTimeoutMs,
      sessionId: this.#session,
      passwd: this.#password,
      readOnly: false,
    })
  }

  #received(link: Link, bytes: Uint8Array): void {
    if (link !== this.#link) return
    this.#heardAtUs = this.host.nowUs
    for (const frame of link.frames.push(bytes)) {
      if (link !== this.#link) return
      if (link.session !== undefined) this.#frame(link, frame)
      else this.#welcome(link, decode(connectResponse, frame))
    }
  }

  #welcome(link: Link, response: ConnectResponse): void {
    if (response.timeOut <= 0) {
      this.#world.observe({ type: 'refused', client: this.host.name, session: this.#session })
      this.host.note(`session ${formatSessionId(this.#session)} is over`)
      this.#forgetSession()
      return
    }
    link.session = response.sessionId
    this.#session = response.sessionId
    this.#password = response.passwd?.slice() ?? new Uint8Array(16)
    this.#timeoutMs = response.timeOut
    this.host.note(`has session ${formatSessionId(this.#session)}`)
    this.#world.observe({
      type: 'connected',
      ...this.#moment(link),
      server: link.server,
      timeoutMs: this.#timeoutMs,
    })
    if (!this.#watches.isEmpty) {
      this.#send(link, Xid.setWatches, {
        type: 'setWatches',
        relativeZxid: this.#lastZxid,
        watches: this.#watches.lists(),
      })
    }
    this.#think()
  }

  #frame(link: Link, frame: Uint8Array): void {
    const header = decode(replyHeader, frame)
    const body = frame.subarray(replyHeaderLength)
    if (header.zxid > this.#lastZxid) this.#lastZxid = header.zxid
    if (header.xid === Xid.notification) {
      const { type, path } = decode(watcherEvent, body)
      this.#watches.notified(type as EventType, path)
      this.host.note(`is told of ${type} ${path} at ${header.zxid}`)
      this.#world.observe({
        type: 'notified',
        ...this.#moment(link),
        event: type as EventType,
        path,
        zxid: header.zxid,
      })
      return
    }
    const at = link.unanswered.findIndex(({ xid }) => xid === header.xid)
    const [request] = at < 0 ? [] : link.unanswered.splice(at, 1)
    const operation = request?.operation
    const isOk = header.err === ErrorCode.Ok
    const answer = operation !== undefined && isOk ? decodeAnswer(operation, body) : {}
    this.host.note(`is answered ${header.xid} at ${header.zxid} with ${header.err}`)
    this.#world.observe({
      type: 'replied',
      ...this.#moment(link),
      ...header,
      operation,
      answer,
    })
    if (operation === undefined) return
    this.#watches.answered(operation, isOk)
    this.#workload.answered(operation, header.err, answer)
    if (operation.type === 'closeSession') this.#forgetSession()
    this.#think()
  }

  /** Asks for the next operation in a while. */
  #think(): void {
    if (this.#thinking !== undefined || this.#isStopping) return
    const delayMs = this.#random.below(this.#settings.thinkMostMs)
    this.#thinking = this.#later(delayMs, 'thinks', () => {
      this.#thinking = undefined
      const link = this.#link
      if (link?.session === undefined || this.#isStopping || this.#session === noSession) return
      if (link.unanswered.length < this.#settings.depthMax) {
        const operation = this.#workload.next(this.host.name)
        if (operation !== undefined) this.#send(link, ++this.#lastXid, operation)
      }
      if (link.unanswered.length < this.#settings.depthMax) this.#think()
    })
  }

  #send(link: Link, xid: number, operation: Operation): void {
    link.unanswered.push({ xid, operation })
    this.host.note(`asks ${xid} ${describe(operation)}`)
    this.#world.observe({ type: 'invoked', ...this.#moment(link), xid, operation })
    link.endpoint.send(encodeOperation(xid, operation))
  }

  /** Pings a server that is not talked to, and leaves one that is silent. */
  #watchOver(): void {
    this.#later(Math.floor(this.#timeoutMs / 6), 'looks after its session', () => {
      const link = this.#link
      const silentMs = (this.host.nowUs - this.#heardAtUs) / usPerMs
      if (link !== undefined && silentMs > (this.#timeoutMs * 2) / 3) {
        link.endpoint.close()
        this.#disconnected(link, 'the server is silent')
      } else if (link?.session !== undefined && silentMs > this.#timeoutMs / 6) {
        const isPinging = link.unanswered.some(({ operation }) => operation.type === 'ping')
        if (!isPinging) this.#send(link, Xid.ping, { type: 'ping' })
      }
      this.#watchOver()
    })
  }

  #disconnected(link: Link, cause: string): void {
    if (link !== this.#link) return
    this.#link = undefined
    this.host.note(`lost its connection: ${cause}`)
    if (link.session !== undefined)
      this.#world.observe({ type: 'disconnected', ...this.#moment(link) })
    this.#later(this.#random.between(5, 200), 'dials again', () => this.#dial())
  }

  #forgetSession(): void {
    this.#session = noSession
    this.#password = new Uint8Array(16)
    this.#lastXid = 0
    this.#watches.clear()
  }

  #moment(link: Link): { client: string; session: SessionId; connection: number } {
    return {
      client: this.host.name,
      session: link.session ?? noSession,
      connection: link.endpoint.connection,
    }
  }

  #later(delayMs: number, what: string, run: () => void): Appointment {
    return this.host.after(delayMs * usPerMs, 'timer', what, run)
  }
}
