/**
 * A server that leads: it finds an epoch, brings its learners to its own history, and then decides the order of all writes.
 *
 * 1. It serves from the moment when a quorum of every membership that applies has its whole history on disk, itself included: its
 *    own history was durable when its role began, and currentEpoch is before its own vote counts.
 * 2. It leads as long as a quorum is in step and heard of; without one it gives up within syncLimit.
 * 3. After its end nothing it was asked for happens.
 */
import {
  encodeLeaderInfo,
  learnerProtocolVersion,
  makeZxid,
  OpCode,
  PacketType,
  PeerCapability,
  purePlatform,
  type SessionId,
  type Zxid,
} from '@quorate/protocol'
import type { ForwardedRequest, LeaderHost } from '../engine.ts'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'
import { jointQuorum } from '../quorum/joint-quorums.ts'
import type { Membership } from '../quorum/membership.ts'
import type { QuorumSystem } from '../quorum/quorum-system.ts'
import { withVersion } from '../quorum/membership.ts'
import { Broadcast } from './broadcast.ts'
import { Discovery } from './discovery.ts'
import { LeadershipConfirmation } from './leadership-confirmation.ts'
import { LeadingTerm } from './leading-term.ts'
import { type HandlerOwner, LearnerHandler } from './learner-handler.ts'
import { LearnerSync } from './learner-sync.ts'
import { type RoleEnd, RoleLife } from './role-life.ts'
import type { RoleParts } from './role-parts.ts'
import type { LearnerView } from './zab-ports.ts'

/** Connections whose FOLLOWERINFO or OBSERVERINFO is awaited; the oldest is closed when there are more. */
const introductionsMax = 64
/** Learners that are in no membership, as they may be about to join; more are turned away. */
const strangersMax = 64

export class Leader implements HandlerOwner {
  readonly #parts: RoleParts
  readonly #life: RoleLife
  readonly #handlers = new Set<LearnerHandler>()
  /** Those with output that was not flushed. */
  readonly #dirty = new Set<LearnerHandler>()
  readonly #discovery: Discovery
  readonly #broadcast: Broadcast
  readonly #confirmation: LeadershipConfirmation
  /** This server's own history and epoch are on disk. */
  #hasOwnAck = false
  /** The new epoch is on disk as accepted: others may hear of it. */
  #isEpochKnown = false
  /** Set when a quorum has accepted the epoch. */
  #sync: LearnerSync | undefined
  /** Set while this leader serves. */
  #host: LeaderHost | undefined
  #isEstablished = false
  /** When the role ends if no quorum is in step by then. */
  #deadlineMs = 0
  readonly #startedAtMs: number
  #isHalfTick = false
  /** The epoch has no zxid left. */
  #isExhausted = false

  constructor(parts: RoleParts) {
    this.#parts = parts
    const { ports, options, window, logSync } = parts
    const { serverId } = options
    const { acceptedEpoch, currentEpoch, lastZxid } = ports.history
    this.#life = new RoleLife(ports.clock)
    this.#startedAtMs = ports.clock.nowMs
    this.#discovery = new Discovery({
      serverId,
      quorums: () => this.#quorums,
      acceptedEpoch: Math.max(acceptedEpoch, parts.epochHeard),
      currentEpoch,
      lastZxid,
    })
    this.#broadcast = new Broadcast({
      serverId,
      ports,
      window,
      logSync,
      handlers: this.#handlers,
      isOver: () => this.#life.isOver,
      delivered: (proposal) => this.#host?.deliver(proposal),
      reconfigured: (membership, designated) => this.#reconfigured(membership, designated),
    })
    this.#confirmation = new LeadershipConfirmation({
      serverId,
      handlers: this.#handlers,
      lastProposed: () => window.lastZxid,
      lastDelivered: () => window.lastDelivered,
      isQuorum: (isIn) => this.#broadcast.isQuorum(isIn),
      roundDue: () => ports.host.requestTurnEnd(),
    })
  }

  get nowMs(): number {
    return this.#parts.ports.clock.nowMs
  }

  /** Those that have said who they are. */
  *learners(): Iterable<LearnerView> {
    for (const { serverId, isObserver, isFed } of this.#handlers)
      if (serverId !== -1)
        yield { serverId, isObserver, isFed, isVoter: this.#quorums.isVoter(serverId) }
  }

  start(): void {
    const { options, logSync, ports } = this.#parts
    const { tickTimeMs } = options
    logSync.onDurable = () => ports.host.requestTurnEnd()
    this.#life.every(Math.floor(tickTimeMs / 2), () => this.#ticked())
    this.#progressed()
    this.#awaitQuorum()
    this.#fixEpoch()
  }

  accept(link: PeerLink): PeerLinkListener {
    const unknown = Array.from(this.#handlers).filter(({ phase }) => phase === 'connected')
    if (unknown.length >= introductionsMax)
      unknown[0]?.dismiss('it has not said who it is, and too many others have not either')
    const handler = new LearnerHandler(link, this, this.#parts.options.learnerQueueBytesMax)
    this.#handlers.add(handler)
    return handler.channel
  }

  /** A voter that had elected this leader looks for one again: it may not come back, and others wait for an epoch. */
  voterLeft(serverId: number): void {
    const { maxTimeToWaitForEpochMs: limitMs } = this.#parts.options
    if (limitMs < 0 || this.#discovery.epoch !== undefined) return
    if (this.nowMs - this.#startedAtMs <= limitMs) return
    const reason = `server ${serverId}, which had elected it, looks for a leader again, and there is no epoch yet`
    this.#end('VOTER_LEFT', reason)
  }

  turnEnded(): void {
    if (this.#life.isOver) return
    if (this.#isExhausted)
      return this.#end(
        'ZXID_ROLLOVER',
        'the epoch has no zxid left; the next leader begins another',
      )
    this.#parts.logSync.request()
    if (this.#isEstablished) this.#broadcast.tryCommit()
    if (this.#life.isOver) return
    this.#confirmation.progressed()
    this.#confirmation.turnEnded()
    for (const handler of this.#dirty) handler.channel.flush()
    this.#dirty.clear()
  }

  /** Calls `idle` when nothing of the role is under way any more. */
  end(idle: () => void): void {
    this.#parts.logSync.onDurable = undefined
    this.#host = undefined
    for (const handler of this.#handlers) handler.dismiss('this server leads no more')
    this.#life.end(idle)
  }

  // What learners say.

  learnerArrived(handler: LearnerHandler, acceptedEpoch: number, configVersion: Zxid): void {
    const { ports, options } = this.#parts
    if (configVersion > ports.memberships.committed.version)
      return handler.dismiss('its membership is newer than the leader’s')
    if (handler.serverId === options.serverId)
      return handler.dismiss('it says that it is this very server; give each its own myid')
    for (const other of this.#handlers)
      if (other !== handler && other.serverId === handler.serverId)
        other.dismiss('it has come on another connection')
    if (this.#strangerCount > strangersMax)
      return handler.dismiss('too many learners are in no membership')
    const isVoter = this.#quorums.isVoter(handler.serverId)
    const { epoch } = this.#discovery
    // Compatibility: an Apache leader turns away, as long as it leads, a voter that has accepted a later epoch from a leader
    // that came to nothing. Here an election takes place, which brings everybody to a still later epoch.
    if (epoch !== undefined && acceptedEpoch > epoch && isVoter) {
      const reason = `server ${handler.serverId} has accepted the epoch ${acceptedEpoch}, and this one is ${epoch}`
      return this.#end('EPOCH_BEHIND', reason, { epochHeard: acceptedEpoch })
    }
    this.#discovery.reported(handler.serverId, acceptedEpoch)
    if (this.#isEpochKnown) this.#sendLeaderInfo(handler)
    else this.#fixEpoch()
  }

  epochAcknowledged(handler: LearnerHandler, currentEpoch: number): void {
    const { serverId, peerLastZxid } = handler
    if (!this.#discovery.accepted({ serverId, currentEpoch, lastZxid: peerLastZxid }))
      return handler.dismiss('its history is beyond the leader’s')
    if (this.#sync === undefined) this.#agree()
    else this.#sync.begin(handler)
  }

  newLeaderAcknowledged(handler: LearnerHandler, zxid: Zxid): void {
    if (zxid !== makeZxid(this.#epoch, 0))
      return handler.dismiss(`it acknowledged 0x${zxid.toString(16)} instead of NEWLEADER`)
    handler.ackedZxid = Math.max(handler.ackedZxid, handler.syncedTo)
    if (this.#isEstablished) return this.#serve(handler)
    this.#tryEstablish()
  }

  proposalsAcknowledged(): void {
    this.#parts.ports.host.requestTurnEnd()
  }

  pingAnswered(): void {
    this.#confirmation.progressed()
  }

  requestForwarded(handler: LearnerHandler, request: ForwardedRequest): void {
    if (request.type === OpCode.sync) this.#host?.syncAsked(handler, request)
    else this.#host?.requestForwarded(handler, request)
  }

  revalidationAsked(handler: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#host?.revalidationAsked(handler, session, timeoutMs)
  }

  sessionTouched(handler: LearnerHandler, session: SessionId, timeoutMs: number): void {
    this.#host?.sessionTouched(handler, session, timeoutMs)
  }

  handlerLeft(handler: LearnerHandler, reason: string): void {
    this.#handlers.delete(handler)
    this.#dirty.delete(handler)
    const { serverId } = handler
    if (handler.feed.hadGap) this.#sync?.logHadGap(serverId)
    this.#parts.ports.report({
      level: 'info',
      code: 'LEARNER_LEFT',
      message: `server ${serverId} is no learner any more: ${reason}`,
      fields: { serverId },
    })
    // Those that leave at the end of the role confirm nothing any more.
    if (this.#host === undefined) return
    this.#host.learnerLeft(handler)
    this.#confirmation.progressed()
  }

  outputAppeared(handler: LearnerHandler): void {
    this.#dirty.add(handler)
    this.#parts.ports.host.requestTurnEnd()
  }

  // The phases.

  /** Each step towards a quorum that is in step gives the next one all the time again. */
  #progressed(): void {
    const { tickTimeMs, initLimit } = this.#parts.options
    this.#deadlineMs = this.nowMs + tickTimeMs * initLimit
  }

  /**
   * Compatibility: an Apache leader gives up when no quorum is in step within `initLimit` of its epoch, however much is still being
   * sent to it.
   */
  #awaitQuorum(): void {
    if (this.#isEstablished) return
    const leftMs = this.#deadlineMs - this.nowMs
    if (leftMs > 0) this.#life.after(leftMs, () => this.#awaitQuorum())
    else {
      const { initLimit } = this.#parts.options
      const reason = `no quorum was in step, and nothing moved for ${initLimit} ticks`
      this.#end('LEADER_WITHOUT_QUORUM', reason)
    }
  }

  get #epoch(): number {
    return this.#discovery.epoch ?? 0
  }

  /**
   * What this leader must be agreed on by. A membership that was proposed may have been put in force by others, and then its
   * quorums alone may have decided what came after it.
   *
   * Compatibility: an Apache leader asks for a quorum of both only when it is established, not for its epoch.
   */
  get #quorums(): QuorumSystem {
    const { committed, lastSeen } = this.#parts.ports.memberships
    return lastSeen.version > committed.version
      ? jointQuorum(committed.quorums, lastSeen.quorums)
      : committed.quorums
  }

  get #strangerCount(): number {
    const { committed, lastSeen } = this.#parts.ports.memberships
    let count = 0
    for (const { serverId } of this.#handlers)
      if (
        serverId !== -1 &&
        !committed.memberById.has(serverId) &&
        !lastSeen.memberById.has(serverId)
      )
        count++
    return count
  }

  #fixEpoch(): void {
    const epoch = this.#discovery.fixEpoch()
    if (epoch === undefined) return
    const { history } = this.#parts.ports
    this.#life.run(
      (done) => history.writeEpoch('acceptedEpoch', epoch, done),
      () => {
        this.#isEpochKnown = true
        this.#progressed()
        for (const handler of this.#handlers)
          if (handler.phase === 'awaits-epoch') this.#sendLeaderInfo(handler)
        this.#agree()
      },
    )
  }

  #sendLeaderInfo(handler: LearnerHandler): void {
    const data = encodeLeaderInfo({
      protocolVersion: learnerProtocolVersion,
      capabilities: PeerCapability.confirmedSync,
    })
    handler.beginPhase('has-epoch')
    handler.channel.send(PacketType.leaderInfo, makeZxid(this.#epoch, 0), data)
  }

  #agree(): void {
    if (!this.#isEpochKnown || !this.#discovery.agree()) return
    const { history } = this.#parts.ports
    this.#life.run(
      (done) => history.writeEpoch('currentEpoch', this.#epoch, done),
      () => {
        this.#progressed()
        this.#synchronise()
      },
    )
  }

  /** Brings everybody who has accepted the epoch to this history. */
  #synchronise(): void {
    const { ports, options, window } = this.#parts
    const { memberships } = ports
    // The first membership of an ensemble has no version; it gets one as soon as it is in use, so that it takes precedence over
    // other first ones (ZOOKEEPER-1783).
    const { committed, lastSeen } = memberships
    if (options.reconfigEnabled && committed.version === 0 && lastSeen.version === 0)
      memberships.setLastSeen(withVersion(committed, makeZxid(this.#epoch, 0)))
    this.#sync = new LearnerSync({
      options,
      ports,
      window,
      epoch: this.#epoch,
      membershipText: () => purePlatform.utf8Encode(memberships.lastSeen.text),
    })
    for (const handler of this.#handlers)
      if (handler.phase === 'awaits-sync') this.#sync.begin(handler)
    this.#hasOwnAck = true
    this.#tryEstablish()
  }

  #tryEstablish(): void {
    if (this.#isEstablished || !this.#hasOwnAck) return
    // Whoever votes in one of the memberships counts there, be it an observer by now.
    const inStep = new Set([this.#parts.options.serverId])
    for (const handler of this.#handlers) if (handler.isInStep) inStep.add(handler.serverId)
    if (this.#quorums.isQuorum((serverId) => inStep.has(serverId))) this.#establish()
  }

  #establish(): void {
    const { ports, options, established } = this.#parts
    const { memberships } = ports
    const isNewer = memberships.lastSeen.version > memberships.committed.version
    this.#isEstablished = true
    established(this.#epoch)
    for (const handler of this.#handlers) if (handler.phase === 'in-step') this.#serve(handler)
    this.#host = ports.host.leadingStarted(
      new LeadingTerm(this.#parts, {
        epoch: this.#epoch,
        life: this.#life,
        broadcast: this.#broadcast,
        confirmation: this.#confirmation,
        isInStep: (serverId) => this.#isInStep(serverId),
        turnEnded: () => this.turnEnded(),
        zxidsExhausted: () => this.#exhausted(),
      }),
    )
    if (!options.reconfigEnabled || !isNewer) return
    const designated = this.#broadcast.designatedLeader(memberships.lastSeen, 0)
    memberships.setCommitted(memberships.lastSeen)
    this.#reconfigured(memberships.committed, designated)
  }

  #serve(handler: LearnerHandler): void {
    handler.beginPhase('serving')
    handler.feed.send(PacketType.upToDate, -1)
    this.#parts.ports.host.requestTurnEnd()
  }

  /** The role ends with the turn: whoever submits goes on with its work first. */
  #exhausted(): void {
    this.#isExhausted = true
    this.#parts.ports.host.requestTurnEnd()
  }

  #reconfigured(membership: Membership, designated: number): void {
    const { ports, options, activated } = this.#parts
    ports.host.membershipChanged(membership.text)
    activated(membership)
    if (designated === options.serverId) return
    // Everybody hears of the new membership before this server leaves.
    for (const handler of this.#handlers) handler.channel.flush()
    const reason = `server ${designated} leads the new membership`
    this.#end('LEADER_HANDED_OVER', reason, { designatedLeader: designated })
  }

  #ticked(): void {
    const { options, window } = this.#parts
    const { tickTimeMs, initLimit, syncLimit } = options
    for (const handler of this.#handlers) {
      if (handler.noteProgress() && this.#quorums.isVoter(handler.serverId)) this.#progressed()
      const limitMs = tickTimeMs * (handler.phase === 'serving' ? syncLimit : initLimit)
      if (handler.silentMs(this.nowMs) > limitMs)
        handler.dismiss(`nothing was heard of it for ${limitMs} ms`)
      else if (handler.unacknowledgedMs(this.nowMs) > tickTimeMs * syncLimit)
        handler.dismiss('its disk takes too long for what was proposed')
      else if (handler.feed.isOverfull) handler.dismiss('too much waits to be sent to it')
      else handler.ping(window.lastZxid)
    }
    this.#confirmation.turnEnded()
    this.#isHalfTick = !this.#isHalfTick
    if (this.#isHalfTick || !this.#isEstablished) return
    if (!this.#broadcast.isQuorum((serverId) => this.#isInStep(serverId)))
      this.#end('LEADER_WITHOUT_QUORUM', 'no quorum is in step any more')
  }

  #isInStep(serverId: number): boolean {
    if (serverId === this.#parts.options.serverId) return true
    for (const handler of this.#handlers)
      if (handler.serverId === serverId && handler.isInStep && !handler.isObserver) return true
    return false
  }

  #end(
    code: string,
    reason: string,
    next: Pick<RoleEnd, 'designatedLeader' | 'epochHeard'> = {},
  ): void {
    if (!this.#life.isOver) this.#parts.ended({ code, reason, ...next })
  }
}
