/** What a replica asks of the connection with its leader: the face of one term of following or observing. */
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
    this.forward({ ...request, type: OpCode.sync })
  }

  revalidate(session: SessionId, timeoutMs: number): void {
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
    endQuorumPacket(writer, begun)
  }

  /** @throws JuteError when it can't be decoded */
  takeRevalidation(bytes: Uint8Array, start: number, end: number): void {
    const { session, isValid } = revalidationReply.decode(
      new JuteReader(bytes, Math.max(start, 0), end),
    )
    this.host?.revalidated(session, isValid)
  }
}
