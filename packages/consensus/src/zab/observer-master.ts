/**
 * A follower that serves observers in its leader's place (ObserverMaster, ZOOKEEPER-3140): they are brought to its own history, hear
 * of what it delivers, and what they ask of the leader goes along its own connection.
 *
 * 1. Observers are told of what is committed, and of nothing else.
 * 2. Who comes before this follower is in step waits for it. Who has more of its epoch than this follower has delivered waits until
 *    that is delivered here too: it would have to forget what its clients have seen.
 * 3. It serves as long as it follows one leader. Then its observers look for another master, which may be behind another leader.
 */
import {
  counterOf,
  encodeDesignatedLeader,
  epochOf,
  makeZxid,
  OpCode,
  PacketType,
  PeerCapability,
  purePlatform,
  type SessionId,
  txnSession,
  txnType,
  type Zxid,
} from '@quorate/protocol'
import type { ForwardedRequest, Proposal } from '../engine.ts'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'
import type { HandlerOwner, LearnerHandler } from './learner-handler.ts'
import { LearnerSync } from './learner-sync.ts'
import type { LearningTerm } from './learning-term.ts'
import type { RoleParts } from './role-parts.ts'
import { ServedLearners } from './served-learners.ts'
import type { LearnerView } from './zab-ports.ts'

export class ObserverMaster implements HandlerOwner {
  readonly #parts: RoleParts
  readonly #learners: ServedLearners
  /** Those that have more than this follower has delivered. */
  readonly #ahead = new Set<LearnerHandler>()
  /** Set while this follower is in step. */
  #term: LearningTerm | undefined
  #sync: LearnerSync | undefined

  constructor(parts: RoleParts) {
    this.#parts = parts
    const { options, ports } = parts
    this.#learners = new ServedLearners({ options, ports, owner: this })
  }

  get nowMs(): number {
    return this.#parts.ports.clock.nowMs
  }

  later(run: () => void): void {
    this.#parts.ports.clock.after(0, run)
  }

  /** Those that have said who they are. */
  *observers(): Iterable<LearnerView> {
    for (const { serverId, isFed } of this.#learners.handlers)
      if (serverId !== -1) yield { serverId, isObserver: true, isFed, isVoter: false }
  }

  accept(link: PeerLink): PeerLinkListener {
    return this.#learners.accept(link, 'observers')
  }

  /** This follower is in step with its leader: who waits is served. */
  begin(term: LearningTerm): void {
    const { options, ports, window } = this.#parts
    const { memberships } = ports
    this.#term = term
    this.#sync = new LearnerSync({
      options,
      ports,
      window,
      epoch: term.epoch,
      membershipText: () => purePlatform.utf8Encode(memberships.lastSeen.text),
    })
    for (const handler of this.#learners.handlers)
      if (handler.phase === 'awaits-epoch') this.#sendLeaderInfo(handler, term)
  }

  /**
   * This follower has delivered a transaction.
   * @param designated who leads from here on, when it has changed the membership
   */
  delivered(proposal: Proposal, designated: number | undefined): void {
    const { zxid, bytes } = proposal
    if (txnType(bytes) === OpCode.closeSession) this.#term?.sessionEnded(txnSession(bytes))
    const isActivation = designated !== undefined
    const type = isActivation ? PacketType.informAndActivate : PacketType.inform
    const data = isActivation ? activationOf(designated, bytes) : bytes
    for (const { isFed, feed } of this.#learners.handlers) if (isFed) feed.send(type, zxid, data)
    for (const handler of this.#ahead) this.#synchronise(handler)
  }

  ticked(): void {
    this.#learners.ticked(this.#parts.window.lastDelivered, () => {})
  }

  turnEnded(): void {
    this.#learners.flush()
  }

  /** What was sent before still leaves. */
  end(): void {
    this.#term = undefined
    this.#learners.dismissAll('this server follows its leader no more')
  }

  // What observers say.

  learnerArrived(handler: LearnerHandler, _acceptedEpoch: number, configVersion: Zxid): void {
    if (this.#learners.admit(handler, configVersion) && this.#term !== undefined)
      this.#sendLeaderInfo(handler, this.#term)
  }

  epochAcknowledged(handler: LearnerHandler): void {
    if (epochOf(handler.peerLastZxid) > this.#epoch)
      return handler.dismiss('its history is of a later epoch than this follower’s')
    this.#ahead.add(handler)
    this.#synchronise(handler)
  }

  newLeaderAcknowledged(handler: LearnerHandler, zxid: Zxid): void {
    if (zxid === makeZxid(this.#epoch, 0)) this.#learners.serve(handler)
    else handler.dismiss(`it acknowledged 0x${zxid.toString(16)} instead of NEWLEADER`)
  }

  proposalsAcknowledged(): void {}

  pingAnswered(): void {}

  requestForwarded(handler: LearnerHandler, request: ForwardedRequest): void {
    this.#term?.forwardFor(handler, request)
  }

  revalidationAsked(handler: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#term?.revalidateFor(handler, session, timeoutMs)
  }

  sessionTouched(_handler: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#term?.observerTouched(session, timeoutMs)
  }

  handlerLeft(handler: LearnerHandler, reason: string): void {
    this.#ahead.delete(handler)
    if (handler.feed.hadGap) this.#sync?.logHadGap(handler.serverId)
    this.#learners.left(handler, reason)
  }

  outputAppeared(handler: LearnerHandler): void {
    this.#learners.outputAppeared(handler)
  }

  get #epoch(): number {
    return this.#term?.epoch ?? 0
  }

  #sendLeaderInfo(handler: LearnerHandler, { epoch, hasConfirmedSync }: LearningTerm): void {
    const capabilities =
      PeerCapability.fencesMoves | (hasConfirmedSync ? PeerCapability.confirmedSync : 0)
    this.#learners.sendLeaderInfo(handler, epoch, capabilities)
  }

  /** Brings the observer to this follower's history, unless it is ahead of it. */
  #synchronise(handler: LearnerHandler): void {
    const { peerLastZxid } = handler
    const { lastDelivered } = this.#parts.window
    const isOfEpoch = epochOf(peerLastZxid) === this.#epoch && counterOf(peerLastZxid) !== 0
    if (isOfEpoch && peerLastZxid > lastDelivered) return
    this.#ahead.delete(handler)
    this.#sync?.begin(handler)
  }
}

function activationOf(designated: number, bytes: Uint8Array): Uint8Array {
  return new Uint8Array([...encodeDesignatedLeader(designated), ...bytes])
}
