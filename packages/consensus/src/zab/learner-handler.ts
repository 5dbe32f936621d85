/**
 * One learner, as its leader or observer master sees it: what has been agreed with it, what it has acknowledged, when it was last heard.
 *
 *     FOLLOWERINFO → LEADERINFO → ACKEPOCH → DIFF|TRUNC|SNAP … NEWLEADER → ACK → UPTODATE → live
 *
 * 1. The first packet behind NEWLEADER is its ACK; anything else ends the connection.
 * 2. Pings are answered in their order, so the number of answers tells which ping was the last one answered.
 */
import {
  counterOf,
  decodeAckEpoch,
  decodeLearnerInfo,
  decodeRequestData,
  epochOf,
  JuteReader,
  learnerProtocolVersion,
  PacketType,
  PeerCapability,
  readTouches,
  revalidationRequest,
  type SessionId,
  type Zxid,
} from '@quorate/protocol'
import type { ForwardedRequest, Learner } from '../engine.ts'
import type { PeerLink } from '../peer-link.ts'
import { LearnerFeed } from './learner-feed.ts'
import { type ChannelOwner, PacketChannel, type ReceivedPacket } from './packet-channel.ts'

export type LearnerPhase =
  | 'connected'
  | 'awaits-epoch'
  | 'has-epoch'
  | 'awaits-sync'
  | 'syncing'
  | 'in-step'
  | 'serving'
  | 'gone'

/** What a handler asks of who serves the learner: a leader, or an observer master. */
export interface HandlerOwner {
  readonly nowMs: number
  /** Calls `run` behind the input that is there by then. */
  later(run: () => void): void
  learnerArrived(handler: LearnerHandler, acceptedEpoch: number, configVersion: Zxid): void
  /** @param currentEpoch −1: the learner has taken part in this epoch before, and its answer is no vote */
  epochAcknowledged(handler: LearnerHandler, currentEpoch: number): void
  newLeaderAcknowledged(handler: LearnerHandler, zxid: Zxid): void
  proposalsAcknowledged(handler: LearnerHandler): void
  pingAnswered(handler: LearnerHandler): void
  requestForwarded(handler: LearnerHandler, request: ForwardedRequest): void
  revalidationAsked(handler: LearnerHandler, session: SessionId, timeoutMs: number): void
  sessionTouched(handler: LearnerHandler, session: SessionId, timeoutMs: number): void
  handlerLeft(handler: LearnerHandler, reason: string): void
  outputAppeared(handler: LearnerHandler): void
}

/** Who may come on a connection: to an observer master's port observers alone. */
export type Welcome = 'learners' | 'observers'

export interface HandlerParts {
  readonly link: PeerLink
  readonly owner: HandlerOwner
  readonly welcome: Welcome
  readonly queueBytesMax: number
}

/** Of what comes before the ACK of NEWLEADER, which is short: whoever can connect could have long packets gathered here. */
const earlyLimits = { dataLengthMax: 1_024, authinfoCountMax: 0 }

export class LearnerHandler implements Learner, ChannelOwner {
  /** −1 until it has said so. */
  serverId = -1
  /** It came with OBSERVERINFO. */
  isObserver = false
  /** It cuts its log at a transaction that it has, and says so when it has not: servers of this kind do. */
  checksCuts = false
  /** It may be pinged before its synchronisation has begun. */
  #takesEarlyPings = false
  #takesCumulativeCommits = false
  /** Behind the image of a SNAP. */
  takesOutcomes = false
  phase: LearnerPhase = 'connected'
  lastHeardMs: number
  /** All of this leader's proposals up to here are on its disk. */
  ackedZxid: Zxid = -1
  /** Of its own history, as it said; −1: it asks for a whole snapshot. */
  peerLastZxid: Zxid = -1
  /** Everything up to here was committed when its synchronisation was planned. */
  syncedTo: Zxid = -1
  /** Takes back the wait for an image of the state. */
  cancelImage: (() => void) | undefined
  pingsSent = 0
  pingsAnswered = 0
  readonly channel: PacketChannel
  readonly feed: LearnerFeed
  readonly #owner: HandlerOwner
  readonly #welcome: Welcome
  /** A proposal that is not acknowledged, and since when it is on its way. */
  #watched: { readonly zxid: Zxid; readonly sinceMs: number } | undefined
  #lastSent: Zxid = -1
  #takenBytes = 0

  constructor({ link, owner, welcome, queueBytesMax }: HandlerParts) {
    this.#owner = owner
    this.#welcome = welcome
    this.lastHeardMs = owner.nowMs
    this.channel = new PacketChannel(link, this, earlyLimits)
    this.feed = new LearnerFeed({
      channel: this.channel,
      queueBytesMax,
      later: (run) => owner.later(run),
      broken: () => this.dismiss('the log on disk has a gap where it was to be read for it'),
    })
  }

  get isGone(): boolean {
    return this.phase === 'gone'
  }

  /** Whether it has the whole history, on its disk, and follows. */
  get isInStep(): boolean {
    return this.phase === 'in-step' || this.phase === 'serving'
  }

  /** Whether new proposals and commits are queued for it. */
  get isFed(): boolean {
    return this.phase === 'syncing' || this.isInStep
  }

  sendProposal(zxid: Zxid, bytes: Uint8Array): void {
    this.feed.send(PacketType.proposal, zxid, bytes)
    this.#lastSent = zxid
    if (this.#watched === undefined) this.#watched = { zxid, sinceMs: this.#owner.nowMs }
  }

  sendCommit(zxid: Zxid): void {
    if (this.#takesCumulativeCommits) this.feed.sendCumulativeCommit(zxid)
    else this.feed.send(PacketType.commit, zxid)
  }

  /**
   * Shows the learner that its leader is there, if it is waiting for it or served. Before it is served it leaves pings unanswered.
   *
   * Compatibility: an Apache leader pings nobody before it serves, so that who is in step leaves it when the others take long.
   */
  ping(zxid: Zxid): void {
    if (this.phase === 'serving') this.pingsSent++
    else if (this.phase !== 'in-step' && !(this.phase === 'awaits-sync' && this.#takesEarlyPings))
      return
    this.channel.send(PacketType.ping, zxid)
  }

  /** For how long the learner has owed an answer and not even taken what it was sent, in ms; 0: the leader's move is next. */
  silentMs(nowMs: number): number {
    switch (this.phase) {
      case 'awaits-epoch':
      case 'awaits-sync':
      case 'in-step':
      case 'gone':
        return 0
      default:
        return nowMs - this.lastHeardMs
    }
  }

  /** Called each half tick: whether the learner has taken more of what its synchronisation sends it, or can't be sent it yet. */
  noteProgress(): boolean {
    if (this.phase === 'awaits-sync') return this.cancelImage !== undefined
    const { takenBytes } = this.channel
    const isMoving = this.phase === 'syncing' && takenBytes > this.#takenBytes
    this.#takenBytes = takenBytes
    if (isMoving) this.lastHeardMs = this.#owner.nowMs
    return isMoving
  }

  /** From here on it owes something, see {@link silentMs}. */
  beginPhase(phase: LearnerPhase): void {
    this.phase = phase
    this.lastHeardMs = this.#owner.nowMs
  }

  /** For how long its oldest unacknowledged proposal has been under way, in ms; roughly, from below. */
  unacknowledgedMs(nowMs: number): number {
    return this.#watched === undefined || !this.isInStep ? 0 : nowMs - this.#watched.sinceMs
  }

  /** Ends the connection from this side. */
  dismiss(reason: string): void {
    if (this.isGone) return
    this.channel.close()
    this.#leave(reason)
  }

  packetReceived(packet: ReceivedPacket): void {
    if (this.isGone) return
    this.lastHeardMs = this.#owner.nowMs
    switch (this.phase) {
      case 'connected':
        return this.#takeInfo(packet)
      case 'has-epoch':
        return this.#takeAckEpoch(packet)
      case 'syncing':
        return this.#takeNewLeaderAck(packet)
      case 'in-step':
      case 'serving':
        return this.#take(packet)
      default:
        this.dismiss(`it sent a packet of type ${packet.type} before it was asked for any`)
    }
  }

  rawReceived(_bytes: Uint8Array, _start: number, end: number): number {
    return end
  }

  drained(): void {
    this.feed.drained()
  }

  channelClosed(reason: string): void {
    this.#leave(reason)
  }

  outputAppeared(): void {
    this.#owner.outputAppeared(this)
  }

  #leave(reason: string): void {
    if (this.isGone) return
    this.phase = 'gone'
    this.cancelImage?.()
    this.feed.close()
    this.#owner.handlerLeft(this, reason)
  }

  #takeInfo({ type, zxid, bytes, start, end }: ReceivedPacket): void {
    if (type !== PacketType.followerInfo && type !== PacketType.observerInfo)
      return this.dismiss(
        `its first packet has the type ${type}; FOLLOWERINFO or OBSERVERINFO is expected`,
      )
    if (type === PacketType.followerInfo && this.#welcome === 'observers')
      return this.dismiss('it came with FOLLOWERINFO; this port is for observers')
    const info = decodeLearnerInfo(bytes, start, end)
    if (info === undefined || info.protocolVersion < learnerProtocolVersion)
      return this.dismiss('it speaks the protocol of ZooKeeper 3.3; 3.4 or later is expected')
    this.serverId = info.serverId
    this.isObserver = type === PacketType.observerInfo
    this.checksCuts = info.capabilities !== undefined
    const capabilities = info.capabilities ?? 0
    this.#takesEarlyPings = (capabilities & PeerCapability.earlyPings) !== 0
    this.#takesCumulativeCommits = (capabilities & PeerCapability.cumulative) !== 0
    this.takesOutcomes = (capabilities & PeerCapability.outcomes) !== 0
    this.phase = 'awaits-epoch'
    this.#owner.learnerArrived(this, epochOf(zxid), info.configVersion ?? 0)
  }

  #takeAckEpoch({ type, zxid, bytes, start, end }: ReceivedPacket): void {
    if (type !== PacketType.ackEpoch)
      return this.dismiss(`it sent a packet of type ${type}; ACKEPOCH is expected`)
    this.phase = 'awaits-sync'
    this.peerLastZxid = zxid
    this.#owner.epochAcknowledged(this, decodeAckEpoch(bytes, start, end))
  }

  #takeNewLeaderAck({ type, zxid }: ReceivedPacket): void {
    if (type !== PacketType.ack)
      return this.dismiss(
        `it sent a packet of type ${type}; the ACK of NEWLEADER is expected first`,
      )
    // An Apache follower's log thread may acknowledge what it was sent before NEWLEADER is acknowledged (ZOOKEEPER-4685). It is on
    // its disk then, but counts only when the learner is in step.
    if (counterOf(zxid) !== 0) return this.#takeAck(zxid)
    this.phase = 'in-step'
    this.channel.limit({})
    // What was proposed during a long synchronisation could not be acknowledged before.
    if (this.#watched !== undefined)
      this.#watched = { zxid: this.#watched.zxid, sinceMs: this.#owner.nowMs }
    this.#owner.newLeaderAcknowledged(this, zxid)
  }

  #take({ type, zxid, bytes, start, end, authinfo }: ReceivedPacket): void {
    switch (type) {
      case PacketType.ack:
        return this.#takeAck(zxid)
      case PacketType.ping:
        this.pingsAnswered++
        readTouches(bytes, start, end, (session, timeoutMs) =>
          this.#owner.sessionTouched(this, session, timeoutMs),
        )
        return this.#owner.pingAnswered(this)
      case PacketType.request: {
        const { session, cxid, type: op, body } = decodeRequestData(bytes, start, end)
        const identities = authinfo ?? []
        return this.#owner.requestForwarded(this, { session, cxid, type: op, body, identities })
      }
      case PacketType.revalidate: {
        const asked = revalidationRequest.decode(new JuteReader(bytes, Math.max(start, 0), end))
        return this.#owner.revalidationAsked(this, asked.session, asked.timeoutMs)
      }
      default:
        return this.dismiss(`it sent a packet of type ${type}, which no learner sends`)
    }
  }

  #takeAck(zxid: Zxid): void {
    // The ACK of UPTODATE has the epoch's zero, which acknowledges nothing new.
    if (counterOf(zxid) === 0 || zxid <= this.ackedZxid) return
    this.ackedZxid = zxid
    if (this.#watched !== undefined && zxid >= this.#watched.zxid) {
      this.#watched =
        this.#lastSent > zxid ? { zxid: this.#lastSent, sinceMs: this.#owner.nowMs } : undefined
    }
    this.#owner.proposalsAcknowledged(this)
  }
}
