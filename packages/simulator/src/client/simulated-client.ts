/**
 * A client at the level of the protocol: keeps a session alive, comes back after a lost connection, and asks for what its
 * workload wants. It tells all that it sends and gets, and judges nothing: that is the checkers' affair.
 *
 * 1. Xids grow over all connections of a session, so session and xid name a request.
 * 2. A request that was cut off is never sent again: nobody knows whether it was carried out.
 * 3. It goes through its servers in an order of its own, and takes its session along from one to the next.
 * 4. A session that only a read-only server knows is given up as soon as another server can be had.
 */
import {
  Capability,
  type ConnectResponse,
  connectRequest,
  connectResponse,
  decode,
  encode,
  ErrorCode,
  type EventType,
  formatSessionId,
  replyHeaderLength,
  type SessionId,
  watcherEvent,
  Xid,
  type Zxid,
} from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { Appointment } from '../scheduler.ts'
import type { Workload } from '../workload/workload.ts'
import { usPerMs, type World } from '../world.ts'
import type { ClientEndpoint, ClientNetwork } from './client-network.ts'
import type { ClientProcess, ClientSettings } from './client-process.ts'
import { ClientWatches } from './client-watches.ts'
import { FrameReader } from './frame-reader.ts'
import { isLinearizable, type Operation, OperationText } from './operation.ts'
import { decodeAnswer, encodeOperation, framed, readReplyHeader } from './operation-codec.ts'

interface Link {
  readonly server: string
  readonly endpoint: ClientEndpoint
  readonly frames: FrameReader
  /** In the order in which they were sent, as they must be answered. */
  readonly unanswered: { readonly xid: number; readonly operation: Operation }[]
  /** The session that the server gave or kept; undefined until it did. */
  session: SessionId | undefined
  isReadOnly: boolean
  /** Whether the server takes linearizable reads. */
  hasLinearizableReads: boolean
}

/** Longest stay with a read-only server. */
const readOnlyStayMs = 1_000

const noSession = 0n as SessionId

export class SimulatedClient implements ClientProcess {
  readonly host: Host
  isResting = false
  readonly #world: World
  readonly #network: ClientNetwork
  readonly #random: Prng
  readonly #settings: ClientSettings
  readonly #workload: Workload
  readonly #watches = new ClientWatches()
  #session: SessionId = noSession
  #password = new Uint8Array(16)
  #timeoutMs: number
  #lastZxid: Zxid = 0
  /** As stock clients do, it goes by answers: of an event's transaction another event may be missing. */
  #answeredZxid: Zxid = 0
  #lastXid = 0
  #heardAtUs = 0
  #sentAtUs = 0
  /** In the order in which it tries them. */
  readonly #servers: readonly string[]
  #nextServer = 0
  /** Whether the session is that of a read-only server. */
  #isReadOnlySession = false
  #link: Link | undefined
  #thinking: Appointment | undefined
  #isStopping = false

  constructor(
    host: Host,
    parts: {
      readonly world: World
      readonly network: ClientNetwork
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
    this.#servers = this.#random.shuffled(parts.settings.servers)
  }

  get isIdle(): boolean {
    return (this.#link?.unanswered.length ?? 0) === 0
  }

  start(): void {
    this.host.powerOn()
    this.#forgetSession()
    this.#lastZxid = 0
    this.#answeredZxid = 0
    this.#link = undefined
    this.#later(this.#random.below(50), 'dials', () => this.#dial())
    this.#watchOver()
  }

  stop(): void {
    this.#isStopping = true
  }

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
    const server = this.#servers[this.#nextServer++ % this.#servers.length]!
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
      isReadOnly: false,
      hasLinearizableReads: false,
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
      readOnly: this.#settings.acceptsReadOnly,
      capabilities: Capability.linearizableReads,
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
      this.#world.observe({
        type: 'refused',
        client: this.host.name,
        session: this.#session,
        isReadOnly: response.readOnly === true,
      })
      this.host.note(`session ${formatSessionId(this.#session)} is over`)
      this.#forgetSession()
      return
    }
    link.session = response.sessionId
    link.isReadOnly = response.readOnly === true
    const capabilities = response.capabilities ?? 0
    link.hasLinearizableReads = (capabilities & Capability.linearizableReads) !== 0
    this.#isReadOnlySession = link.isReadOnly && this.#session !== response.sessionId
    this.#session = response.sessionId
    this.#password = response.passwd?.slice() ?? new Uint8Array(16)
    this.#timeoutMs = response.timeOut
    const kind = link.isReadOnly ? ', read-only' : ''
    this.host.note(`has session ${formatSessionId(this.#session)} with ${link.server}${kind}`)
    this.#world.observe({
      type: 'connected',
      ...this.#moment(link),
      server: link.server,
      timeoutMs: this.#timeoutMs,
      isReadOnly: link.isReadOnly,
    })
    if (link.isReadOnly)
      this.#later(readOnlyStayMs, 'looks for another server', () => this.#leave(link))
    if (!this.#watches.isEmpty) {
      this.#send(link, Xid.setWatches, {
        type: 'setWatches',
        relativeZxid: this.#answeredZxid,
        watches: this.#watches.lists(),
      })
    }
    this.#think()
  }

  #frame(link: Link, frame: Uint8Array): void {
    const header = readReplyHeader(frame)
    const body = frame.subarray(replyHeaderLength)
    if (header.zxid > this.#lastZxid) this.#lastZxid = header.zxid
    if (header.xid === Xid.notification) {
      const { type, path } = decode(watcherEvent, body)
      this.#watches.notified(type as EventType, path)
      this.host.note('is told of % % at %', type, path, header.zxid)
      this.#world.observe({
        type: 'notified',
        client: this.host.name,
        session: link.session ?? noSession,
        connection: link.endpoint.connection,
        event: type as EventType,
        path,
        zxid: header.zxid,
      })
      return
    }
    this.#answeredZxid = Math.max(this.#answeredZxid, header.zxid)
    const operation = takeUnanswered(link, header.xid)
    const isOk = header.err === ErrorCode.Ok
    const answer = operation !== undefined && isOk ? decodeAnswer(operation, body) : {}
    this.host.note('is answered % at % with %', header.xid, header.zxid, header.err)
    this.#world.observe({
      type: 'replied',
      client: this.host.name,
      session: link.session ?? noSession,
      connection: link.endpoint.connection,
      xid: header.xid,
      zxid: header.zxid,
      err: header.err,
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
    const { burstChance, thinkMostMs } = this.#settings
    const delayMs = this.#random.chance(burstChance) ? 0 : this.#random.below(thinkMostMs)
    this.#thinking = this.#later(delayMs, 'thinks', () => {
      this.#thinking = undefined
      const link = this.#link
      if (link?.session === undefined || this.#isStopping || this.#session === noSession) return
      if (!this.isResting && link.unanswered.length < this.#settings.depthMax) {
        const operation = this.#workload.next(this.host.name)
        if (operation !== undefined) this.#ask(link, operation)
      }
      if (link.unanswered.length < this.#settings.depthMax) this.#think()
    })
  }

  /** What the server does not offer is asked for as the nearest thing that it does. */
  #ask(link: Link, operation: Operation): void {
    if (!isLinearizable(operation) || link.hasLinearizableReads)
      this.#send(link, ++this.#lastXid, operation)
    else this.#send(link, ++this.#lastXid, { ...operation, isLinearizable: false } as Operation)
  }

  #send(link: Link, xid: number, operation: Operation): void {
    link.unanswered.push({ xid, operation })
    this.host.note('asks % %', xid, new OperationText(operation))
    // Field by field: a spread into what has fields already costs as much as a checker.
    this.#world.observe({
      type: 'invoked',
      client: this.host.name,
      session: link.session ?? noSession,
      connection: link.endpoint.connection,
      xid,
      operation,
    })
    this.#sentAtUs = this.host.nowUs
    link.endpoint.send(encodeOperation(xid, operation))
  }

  /** Pings a server that is not talked to, and leaves one that is silent. */
  #watchOver(): void {
    this.#later(Math.floor(this.#timeoutMs / 6), 'looks after its session', () => {
      const link = this.#link
      const { nowUs } = this.host
      const silentMs = (nowUs - this.#heardAtUs) / usPerMs
      // Twice within a third of the timeout.
      const isPingDue = (nowUs - this.#sentAtUs) / usPerMs >= this.#timeoutMs / 6
      if (link !== undefined && silentMs > this.#patienceMs(link)) this.#leave(link)
      else if (link?.session !== undefined && isPingDue) {
        const isPinging = link.unanswered.some(({ operation }) => operation.type === 'ping')
        if (!isPinging) this.#send(link, Xid.ping, { type: 'ping' })
      }
      this.#watchOver()
    })
  }

  /** How long a server may be silent: while it has not taken the session in, each gets its part of the timeout. */
  #patienceMs({ session }: Link): number {
    return session === undefined
      ? Math.max(150, this.#timeoutMs / this.#servers.length)
      : (this.#timeoutMs * 2) / 3
  }

  #leave(link: Link): void {
    if (link !== this.#link) return
    link.endpoint.close()
    const why = link.isReadOnly ? 'the server is read-only' : 'the server is silent'
    this.#disconnected(link, why)
  }

  #disconnected(link: Link, cause: string): void {
    if (link !== this.#link) return
    this.#link = undefined
    this.host.note(`lost its connection: ${cause}`)
    if (link.session !== undefined)
      this.#world.observe({ type: 'disconnected', ...this.#moment(link) })
    if (this.#isReadOnlySession) this.#forgetSession()
    this.#later(this.#random.between(5, 200), 'dials again', () => this.#dial())
  }

  #forgetSession(): void {
    this.#session = noSession
    this.#isReadOnlySession = false
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

/** The operation that was sent with this xid and is answered now. */
function takeUnanswered({ unanswered }: Link, xid: number): Operation | undefined {
  const at = unanswered.findIndex((request) => request.xid === xid)
  if (at < 0) return undefined
  const { operation } = unanswered[at]!
  unanswered.splice(at, 1)
  return operation
}
