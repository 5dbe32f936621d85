/**
 * A server that leads: it finds an epoch, brings its learners to its own history, and then decides the order of all writes.
 *
 * 1. It serves from the moment when a quorum of every membership that applies has its whole history on disk, itself included: its
 *    own history was durable when its role began, and currentEpoch is before its own vote counts.
 * 2. It leads as long as a quorum is in step and heard of; without one it gives up within syncLimit.
 * 3. After its end nothing it was asked for happens.
 * 4. It hands over from a disk that has become slow only while a quorum of others is in step, and gives way to them only when they
 *    have all that it has proposed.
 */
import {
  makeZxid,
  OpCode,
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
import { DiskLag } from './disk-lag.ts'
import { LeadershipConfirmation } from './leadership-confirmation.ts'
import { LeadingTerm } from './leading-term.ts'
import type { HandlerOwner, LearnerHandler, Welcome } from './learner-handler.ts'
import { LearnerSync } from './learner-sync.ts'
import { type RoleEnd, RoleLife } from './role-life.ts'
import type { RoleParts } from './role-parts.ts'
import { ServedLearners } from './served-learners.ts'
import type { LearnerView } from './zab-ports.ts'

export class Leader implements HandlerOwner {
  readonly #parts: RoleParts
  readonly #life: RoleLife
  readonly #learners: ServedLearners
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
  readonly #diskLag: DiskLag
  /** Set: its disk is too slow, and what is proposed since then is dropped. */
  #handingOver: { readonly sinceMs: number; readonly reason: string } | undefined

  constructor(parts: RoleParts) {
    this.#parts = parts
    const { ports, options, window, logSync } = parts
    const { serverId } = options
    const { acceptedEpoch, currentEpoch, lastZxid } = ports.history
    this.#life = new RoleLife(ports.clock)
    this.#startedAtMs = ports.clock.nowMs
    this.#diskLag = new DiskLag(options.leaderDiskLagMs, ports.clock.nowMs)
    this.#learners = new ServedLearners({ options, ports, owner: this })
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
      handlers: this.#learners.handlers,
      isOver: () => this.#life.isOver,
      delivered: (proposal) => this.#host?.deliver(proposal),
      reconfigured: (membership, designated) => this.#reconfigured(membership, designated),
    })
    this.#confirmation = new LeadershipConfirmation({
      serverId,
      handlers: this.#learners.handlers,
      lastProposed: () => window.lastZxid,
      lastDelivered: () => window.lastDelivered,
      isQuorum: (isIn) => this.#broadcast.isQuorum(isIn),
      roundDue: () => ports.host.requestTurnEnd(),
    })
  }

  get nowMs(): number {
    return this.#parts.ports.clock.nowMs
  }

  later(run: () => void): void {
    this.#parts.ports.clock.after(0, run)
  }

  /** Those that have said who they are. */
  *learners(): Iterable<LearnerView> {
    for (const { serverId, isObserver, isFed } of this.#learners.handlers)
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

  accept(link: PeerLink, welcome: Welcome): PeerLinkListener {
    return this.#learners.accept(link, welcome)
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
    this.#observeDisk()
    if (this.#handingOver !== undefined && this.#parts.window.outstandingCount === 0)
      return this.#handOver(this.#handingOver.reason)
    this.#confirmation.progressed()
    this.#confirmation.turnEnded()
    this.#learners.flush()
  }

  /** Calls `idle` when nothing of the role is under way any more. */
  end(idle: () => void): void {
    this.#parts.logSync.onDurable = undefined
    this.#host = undefined
    this.#learners.dismissAll('this server leads no more')
    this.#life.end(idle)
  }

  // What learners say.

  learnerArrived(handler: LearnerHandler, acceptedEpoch: number, configVersion: Zxid): void {
    if (!this.#learners.admit(handler, configVersion)) return
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
    if (this.#isEstablished) return this.#learners.serve(handler)
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
    if (handler.feed.hadGap) this.#sync?.logHadGap(handler.serverId)
    this.#learners.left(handler, reason)
    // Those that leave at the end of the role confirm nothing any more.
    if (this.#host === undefined) return
    this.#host.learnerLeft(handler)
    this.#confirmation.progressed()
  }

  outputAppeared(handler: LearnerHandler): void {
    this.#learners.outputAppeared(handler)
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

  #fixEpoch(): void {
    const epoch = this.#discovery.fixEpoch()
    if (epoch === undefined) return
    const { history } = this.#parts.ports
    this.#life.run(
      (done) => history.writeEpoch('acceptedEpoch', epoch, done),
      () => {
        this.#isEpochKnown = true
        this.#progressed()
        for (const handler of this.#learners.handlers)
          if (handler.phase === 'awaits-epoch') this.#sendLeaderInfo(handler)
        this.#agree()
      },
    )
  }

  #sendLeaderInfo(handler: LearnerHandler): void {
    const capabilities =
      PeerCapability.confirmedSync | PeerCapability.steadyPings | PeerCapability.cumulative
    this.#learners.sendLeaderInfo(handler, this.#epoch, capabilities)
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
    for (const handler of this.#learners.handlers)
      if (handler.phase === 'awaits-sync') this.#sync.begin(handler)
    this.#hasOwnAck = true
    this.#tryEstablish()
  }

  #tryEstablish(): void {
    if (this.#isEstablished || !this.#hasOwnAck) return
    // Whoever votes in one of the memberships counts there, be it an observer by now.
    const inStep = new Set([this.#parts.options.serverId])
    for (const handler of this.#learners.handlers)
      if (handler.isInStep) inStep.add(handler.serverId)
    if (this.#quorums.isQuorum((serverId) => inStep.has(serverId))) this.#establish()
  }

  #establish(): void {
    const { ports, options, established } = this.#parts
    const { memberships } = ports
    const isNewer = memberships.lastSeen.version > memberships.committed.version
    this.#isEstablished = true
    established(this.#epoch)
    for (const handler of this.#learners.handlers)
      if (handler.phase === 'in-step') this.#learners.serve(handler)
    this.#host = ports.host.leadingStarted(
      new LeadingTerm(this.#parts, {
        epoch: this.#epoch,
        life: this.#life,
        broadcast: this.#broadcast,
        confirmation: this.#confirmation,
        isInStep: (serverId) => this.#isInStep(serverId),
        turnEnded: () => this.turnEnded(),
        zxidsExhausted: () => this.#exhausted(),
        isHandingOver: () => this.#handingOver !== undefined,
      }),
    )
    if (!options.reconfigEnabled || !isNewer) return
    const designated = this.#broadcast.designatedLeader(memberships.lastSeen, 0)
    memberships.setCommitted(memberships.lastSeen)
    this.#reconfigured(memberships.committed, designated)
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
    for (const handler of this.#learners.handlers) handler.channel.flush()
    const reason = `server ${designated} leads the new membership`
    this.#end('LEADER_HANDED_OVER', reason, { designatedLeader: designated })
  }

  #ticked(): void {
    this.#learners.ticked(this.#parts.window.lastZxid, ({ serverId }) => {
      if (this.#quorums.isVoter(serverId)) this.#progressed()
    })
    this.#confirmation.turnEnded()
    this.#considerHandingOver()
    this.#isHalfTick = !this.#isHalfTick
    if (this.#isHalfTick || !this.#isEstablished || this.#life.isOver) return
    if (!this.#broadcast.isQuorum((serverId) => this.#isInStep(serverId)))
      this.#end('LEADER_WITHOUT_QUORUM', 'no quorum is in step any more')
  }

  #observeDisk(): void {
    const { window, logSync } = this.#parts
    const { durable } = logSync
    this.#diskLag.observe({ committed: window.lastDelivered, durable, nowMs: this.nowMs })
  }

  /**
   * Compatibility: an Apache leader leads on whatever its disk does. Here one whose log lags behind the others' commits what is under
   * way, ends its term, and votes for others for a while.
   */
  #considerHandingOver(): void {
    const { options, ports } = this.#parts
    const { serverId, tickTimeMs } = options
    if (!this.#isEstablished) return
    const sinceMs = this.#handingOver?.sinceMs
    // The others are no better: who leads next is open.
    if (sinceMs !== undefined && this.nowMs - sinceMs >= tickTimeMs)
      return this.#end(
        'LEADER_DISK_SLOW',
        'its disk is slow, and the others did not commit the rest',
      )
    const reason = this.#diskLag.slowness(this.nowMs)
    if (sinceMs !== undefined || reason === undefined) return
    if (!this.#broadcast.isQuorum((id) => id !== serverId && this.#isInStep(id))) return
    this.#handingOver = { sinceMs: this.nowMs, reason }
    ports.host.requestTurnEnd()
  }

  #handOver(reason: string): void {
    // The others know what is committed before they are left.
    this.#learners.flush()
    this.#end('LEADER_DISK_SLOW', `${reason}, which lead from here on`, { givesWay: true })
  }

  #isInStep(serverId: number): boolean {
    if (serverId === this.#parts.options.serverId) return true
    for (const handler of this.#learners.handlers)
      if (handler.serverId === serverId && handler.isInStep && !handler.isObserver) return true
    return false
  }

  #end(
    code: string,
    reason: string,
    next: Pick<RoleEnd, 'designatedLeader' | 'epochHeard' | 'givesWay'> = {},
  ): void {
    if (!this.#life.isOver) this.#parts.ended({ code, reason, ...next })
  }
}
