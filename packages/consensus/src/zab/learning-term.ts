/**
 * What a replica asks of the connection with its leader: the face of one term of following or observing. Observers that this server
 * serves ask over the same connection.
 */
import {
  beginQuorumPacket,
  encode,
  endQuorumPacket,
  JuteReader,
  OpCode,
  PacketType,
  pathVersionRequest,
  revalidationReply,
  revalidationRequest,
  type SessionId,
  writeRequestPacket,
  writeTouch,
  type Zxid,
} from '@quorate/protocol'
import type { ForwardedRequest, LearnerHost, LearnerTerm } from '../engine.ts'
import { type Asker, Askers } from './askers.ts'
import type { LearnerHandler } from './learner-handler.ts'
import type { PacketChannel } from './packet-channel.ts'

export interface LearningTermParts {
  readonly role: LearnerTerm['role']
  readonly epoch: number
  readonly leaderId: number
  readonly hasConfirmedSync: boolean
  readonly fencesMoves: boolean
  readonly servesObservers: boolean
  readonly channel: PacketChannel
  readonly turnEnded: () => void
}

export class LearningTerm implements LearnerTerm {
  readonly role: LearnerTerm['role']
  readonly epoch: number
  readonly leaderId: number
  readonly hasConfirmedSync: boolean
  readonly fencesMoves: boolean
  host: LearnerHost | undefined
  readonly #parts: LearningTermParts
  readonly #askers: Askers
  /** Sessions of observers that were heard of since the leader was last told, with their timeouts in ms. */
  readonly #touchedBeyond = new Map<SessionId, number>()

  constructor(parts: LearningTermParts) {
    this.#parts = parts
    this.#askers = new Askers(parts.servesObservers)
    this.role = parts.role
    this.epoch = parts.epoch
    this.leaderId = parts.leaderId
    this.hasConfirmedSync = parts.hasConfirmedSync
    this.fencesMoves = parts.fencesMoves
  }

  turnEnded(): void {
    this.#parts.turnEnded()
  }

  forward(request: ForwardedRequest): void {
    this.#forward('self', request)
  }

  sync(request: ForwardedRequest): void {
    this.#askers.syncAsked('self')
    this.forward({ ...request, type: OpCode.sync })
  }

  revalidate(session: SessionId, timeoutMs: number): void {
    this.#askers.revalidationAsked(session, 'self')
    this.#revalidate(session, timeoutMs)
  }

  // What observers ask.

  forwardFor(observer: LearnerHandler, request: ForwardedRequest): void {
    if (request.type === OpCode.sync) this.#askers.syncAsked(observer)
    this.#forward(observer, request)
  }

  revalidateFor(observer: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#askers.revalidationAsked(session, observer)
    this.#revalidate(session, timeoutMs)
  }

  /** A transaction that ends a session was delivered. */
  sessionEnded(session: SessionId): void {
    this.#askers.sessionEnded(session)
  }

  observerTouched(session: SessionId, timeoutMs: number): void {
    this.#touchedBeyond.set(session, timeoutMs)
  }

  // What the leader says.

  takeSync(): void {
    const asker = this.#askers.syncAnswered()
    if (asker === 'self') this.host?.syncAnswered()
    else if (asker?.isGone === false) asker.feed.send(PacketType.sync, 0)
  }

  /**
   * Compatibility: through an observer master of Apache's a request may be carried out though its session has moved to another of its
   * observers, or to the master. Here another one goes in its place that must fail, so that its asker gets an answer in order.
   */
  #forward(asker: Asker, request: ForwardedRequest): void {
    const { channel } = this.#parts
    if (channel.isOver) return
    const { session, type, identities } = request
    const isInPlace = type === OpCode.sync || this.#askers.isAt(session, asker)
    const sent = isInPlace ? request : { ...request, type: OpCode.delete, body: rootDelete }
    writeRequestPacket(channel.writer, sent, identities)
  }

  #revalidate(session: SessionId, timeoutMs: number): void {
    this.#parts.channel.send(
      PacketType.revalidate,
      -1,
      encode(revalidationRequest, { session, timeoutMs }),
    )
  }

  /** Answers a ping, with the sessions heard of since the last one. */
  answerPing(zxid: Zxid): void {
    const { channel } = this.#parts
    if (channel.isOver) return
    const { writer } = channel
    const begun = beginQuorumPacket(writer, PacketType.ping, zxid)
    this.host?.takeTouches((session, timeoutMs) => writeTouch(writer, session, timeoutMs))
    for (const [session, timeoutMs] of this.#touchedBeyond) writeTouch(writer, session, timeoutMs)
    this.#touchedBeyond.clear()
    endQuorumPacket(writer, begun)
  }

  /** @throws JuteError when it can't be decoded */
  takeRevalidation(bytes: Uint8Array, start: number, end: number): void {
    const reply = revalidationReply.decode(new JuteReader(bytes, Math.max(start, 0), end))
    const { session, isValid } = reply
    const asker = this.#askers.revalidated(session)
    if (asker === 'self') this.host?.revalidated(session, isValid)
    else if (asker?.isGone === false)
      asker.feed.send(PacketType.revalidate, -1, encode(revalidationReply, reply))
  }
}

/** Nobody can delete the root: every leader answers BadArguments, which counts as never applied when a client asks later. */
const rootDelete = encode(pathVersionRequest, { path: '/', version: -1 })
