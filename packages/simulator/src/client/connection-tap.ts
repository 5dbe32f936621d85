/**
 * Listens at the socket of a real client, and tells the checkers what a client of the simulator's own tells of itself: requests with
 * their xids, replies with their zxids, watch events, and the session's connection to a server.
 *
 * 1. It only reads: the client gets the same bytes, after the tap has told of them.
 * 2. A connection counts as one of the session from the server's welcome until either side closes it.
 */
import {
  connectRequest,
  connectResponse,
  decode,
  ErrorCode,
  type EventType,
  formatSessionId,
  replyHeaderLength,
  type SessionId,
  watcherEvent,
  Xid,
} from '@quorate/protocol'
import type { ClientMoment } from '../history/observation.ts'
import type { Host } from '../host.ts'
import type { World } from '../world.ts'
import { FrameReader } from './frame-reader.ts'
import { type Answer, isWrite, OperationText } from './operation.ts'
import { readReplyHeader } from './operation-codec.ts'
import {
  decodeOutcomes,
  decodeReply,
  decodeRequest,
  type SentRequest,
} from './operation-decoder.ts'

export interface TapParts {
  readonly host: Host
  readonly server: string
  readonly connection: number
  observe: World['observe']
  /** By xid, of all connections of the client: writes that were not answered. */
  readonly writes: Map<number, SentRequest>
}

export class ConnectionTap {
  readonly #parts: TapParts
  readonly #sent = new FrameReader()
  readonly #received = new FrameReader()
  /** By xid, as those with a number of the protocol's own are answered ahead of others; each in its order. */
  readonly #unanswered = new Map<number, SentRequest[]>()
  /** The session that the client asks for, before it has one on this connection. */
  #asked: SessionId | undefined
  #session: SessionId | undefined
  #isOver = false

  constructor(parts: TapParts) {
    this.#parts = parts
  }

  get isOver(): boolean {
    return this.#isOver
  }

  sent(bytes: Uint8Array): void {
    for (const frame of this.#sent.push(bytes)) {
      if (this.#asked === undefined) this.#asked = decode(connectRequest, frame).sessionId
      else this.#request(decodeRequest(frame))
    }
  }

  received(bytes: Uint8Array): void {
    for (const frame of this.#received.push(bytes)) {
      if (this.#isOver) return
      if (this.#session === undefined) this.#welcome(frame)
      else this.#frame(frame, this.#session)
    }
  }

  /** By either side; the first time counts. */
  closed(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#session === undefined) return
    this.#parts.host.note('lost its connection n%', this.#parts.connection)
    this.#parts.observe({ type: 'disconnected', ...this.#moment(this.#session) })
  }

  #request(request: SentRequest): void {
    const { host, connection, observe } = this.#parts
    const { xid, operation } = request
    const session = this.#session
    const others = this.#unanswered.get(xid)
    if (others === undefined) this.#unanswered.set(xid, [request])
    else others.push(request)
    if (operation === undefined || session === undefined) return
    if (isWrite(operation)) this.#parts.writes.set(xid, request)
    host.note('asks % %', xid, new OperationText(operation))
    observe({ type: 'invoked', client: host.name, session, connection, xid, operation })
  }

  #welcome(frame: Uint8Array): void {
    const { host, server, observe } = this.#parts
    const response = decode(connectResponse, frame)
    if (response.timeOut <= 0) {
      const session = this.#asked ?? (0n as SessionId)
      host.note(`session ${formatSessionId(session)} is over`)
      this.#isOver = true
      const isReadOnly = response.readOnly === true
      observe({ type: 'refused', client: host.name, session, isReadOnly })
      return
    }
    this.#session = response.sessionId
    const isReadOnly = response.readOnly === true
    const kind = isReadOnly ? ', read-only' : ''
    host.note(`has session ${formatSessionId(response.sessionId)} with ${server}${kind}`)
    observe({
      type: 'connected',
      ...this.#moment(response.sessionId),
      server,
      timeoutMs: response.timeOut,
      isReadOnly,
    })
  }

  #frame(frame: Uint8Array, session: SessionId): void {
    const { host, connection, observe } = this.#parts
    const client = host.name
    const header = readReplyHeader(frame)
    const body = frame.subarray(replyHeaderLength)
    if (header.xid === Xid.notification) {
      const { type, path } = decode(watcherEvent, body)
      host.note('is told of % % at %', type, path, header.zxid)
      const event = type as EventType
      observe({ type: 'notified', client, session, connection, event, path, zxid: header.zxid })
      return
    }
    const request = this.#unanswered.get(header.xid)?.shift()
    if (header.xid === Xid.auth) return
    host.note('is answered % at % with %', header.xid, header.zxid, header.err)
    this.#parts.writes.delete(header.xid)
    const isOk = request !== undefined && header.err === ErrorCode.Ok
    const answer = isOk ? this.#answer(request, body) : {}
    observe({
      type: 'replied',
      client,
      session,
      connection,
      xid: header.xid,
      zxid: header.zxid,
      err: header.err,
      operation: request?.operation,
      answer,
    })
  }

  #answer(request: SentRequest, body: Uint8Array): Answer {
    const { operation } = request
    if (operation?.type !== 'outcomes') return decodeReply(request, body)
    const { writes, host } = this.#parts
    const outcomes = decodeOutcomes(body, writes)
    for (const { xid, state } of outcomes) host.note('learns that % is %', xid, state)
    // When something is not known another server may be asked about all of them, or the same one later.
    const isVague = outcomes.some(({ state }) => state === 'unknown' || state === 'undecided')
    if (!isVague) for (const { xid } of outcomes) writes.delete(xid)
    return { outcomes }
  }

  #moment(session: SessionId): ClientMoment {
    const { host, connection } = this.#parts
    return { client: host.name, session, connection }
  }
}
