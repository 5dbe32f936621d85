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
  revalidationReply,
  revalidationRequest,
  type SessionId,
  writeRequestPacket,
  writeTouch,
  type Zxid,
} from '@quorate/protocol'
import type { ForwardedRequest, LearnerHost, LearnerTerm } from '../engine.ts'
import { Askers } from './askers.ts'
import type { LearnerHandler } from './learner-handler.ts'
import type { PacketChannel } from './packet-channel.ts'

export interface LearningTermParts {
  readonly role: LearnerTerm['role']
  readonly epoch: number
  readonly leaderId: number
  readonly hasConfirmedSync: boolean
  readonly channel: PacketChannel
  readonly turnEnded: () => void
}

export class LearningTerm implements LearnerTerm {
  readonly role: LearnerTerm['role']
  readonly epoch: number
  readonly leaderId: number
  readonly hasConfirmedSync: boolean
  host: LearnerHost | undefined
  readonly #parts: LearningTermParts
  readonly #askers = new Askers()
  /** Sessions of observers that were heard of since the leader was last told, with their timeouts in ms. */
  readonly #touchedBeyond = new Map<SessionId, number>()

  constructor(parts: LearningTermParts) {
    this.#parts = parts
    this.role = parts.role
    this.epoch = parts.epoch
    this.leaderId = parts.leaderId
    this.hasConfirmedSync = parts.hasConfirmedSync
  }

  turnEnded(): void {
    this.#parts.turnEnded()
  }

  forward(request: ForwardedRequest): void {
    const { channel } = this.#parts
    if (channel.isOver) return
    writeRequestPacket(channel.writer, request, request.identities)
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
    this.forward(request)
  }

  revalidateFor(observer: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#askers.revalidationAsked(session, observer)
    this.#revalidate(session, timeoutMs)
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
