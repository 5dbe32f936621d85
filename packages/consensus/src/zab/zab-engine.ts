/**
 * One server of an ensemble: looks for a leader, then leads, follows or observes, until that comes to an end (QuorumPeer).
 *
 * 1. Between two roles the log is flushed and memory is brought to the log's end, so that what this server votes with is what it has on
 *    disk (ZOOKEEPER-2845, 4541, 4712). No role begins while an operation of the last one is under way.
 * 2. A membership that was proposed in a transaction which is not in this server's history does not count.
 */
import type { Notification } from '@quorate/protocol'
import { FastLeaderElection } from '../election/fast-leader-election.ts'
import type { ElectionState, Vote } from '../election/vote.ts'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'
import { isFollower, type Membership } from '../quorum/membership.ts'
import { parseMembership } from '../quorum/parse-membership.ts'
import { followHistory } from './history-membership.ts'
import { Leader } from './leader.ts'
import { Learner } from './learner.ts'
import { spreadMs } from './fleet-spread.ts'
import { LogSync } from './log-sync.ts'
import { MasterRotation } from './master-rotation.ts'
import { ProposalWindow } from './proposal-window.ts'
import type { RoleEnd } from './role-life.ts'
import type { RoleParts } from './role-parts.ts'
import type { Appointment, LearnerView, ZabOptions, ZabPorts } from './zab-ports.ts'

/** For how long a leader that hands over votes for others only: an election takes less, and if none can lead this one is needed. */
const giveWayTicks = 2

export class ZabEngine {
  readonly #options: ZabOptions
  readonly #ports: ZabPorts
  readonly #window: ProposalWindow
  readonly #logSync: LogSync
  readonly #election: FastLeaderElection
  readonly #masters: MasterRotation | undefined
  #state: ElectionState = 'looking'
  #role: Leader | Learner | undefined
  /** Whether the replica was told of the role. */
  #isServing = false
  #isStopped = false
  /** Until then, on the clock, it votes for others only. */
  #givesWayUntilMs = 0
  /** When it is a candidate again. */
  #comingBack: Appointment | undefined
  /** The highest epoch that a voter had accepted when this server led a lower one. */
  #epochHeard = 0

  /** @param ports its history has been loaded */
  constructor(options: ZabOptions, ports: ZabPorts) {
    this.#options = options
    this.#ports = ports
    const { history, memberships, clock, election: transport } = ports
    this.#window = new ProposalWindow(options.commitLogCount)
    this.#window.reset(history.recent, history.lastZxid)
    this.#logSync = new LogSync(history)
    this.#masters = options.hasObserverMasters
      ? new MasterRotation(options.serverId, memberships)
      : undefined
    this.#election = new FastLeaderElection({
      serverId: options.serverId,
      options,
      memberships,
      transport,
      clock,
      report: (report) => ports.report(report),
      host: {
        decided: (state, vote) => this.#decided(state, vote),
        voterLeft: (serverId) => {
          if (this.#role instanceof Leader) this.#role.voterLeft(serverId)
        },
        leaderLeft: () => {
          if (this.#role instanceof Learner) this.#role.leaderLeft()
        },
        membershipSeen: (text) => this.#adoptMembership(text),
      },
    })
  }

  get state(): ElectionState {
    return this.#state
  }

  /** Of this leader; of a follower the observers that it serves. */
  learners(): Iterable<LearnerView> {
    const role = this.#role
    if (role instanceof Leader) return role.learners()
    return role?.observers() ?? []
  }

  /** Who serves this observer, its leader or a master; undefined when it does not observe. */
  get observerMasterId(): number | undefined {
    return this.#role instanceof Learner && this.#state === 'observing'
      ? this.#role.peerId
      : undefined
  }

  /** Begins to look for a leader. */
  start(): void {
    this.#look()
  }

  /** A server has connected to the quorum port. */
  accept(link: PeerLink): PeerLinkListener {
    if (this.#role instanceof Leader) return this.#role.accept(link, 'learners')
    return refused(link)
  }

  /**
   * An observer has connected to the observer master port.
   *
   * Compatibility: Apache's leaders do not listen there, though its observers ask them too, for five seconds at least.
   */
  acceptObserver(link: PeerLink): PeerLinkListener {
    const role = this.#role
    const listener = role instanceof Leader ? role.accept(link, 'observers') : role?.accept(link)
    return listener ?? refused(link)
  }

  notificationReceived(from: number, notification: Notification): void {
    if (!this.#isStopped) this.#election.received(from, notification)
  }

  /** An attempt to connect with a server's election port has failed. */
  voterUnreachable(serverId: number): void {
    this.#election.unreachable(serverId)
  }

  /** A connection of the election has ended. */
  voterDisconnected(serverId: number): void {
    this.#election.connectionLost(serverId)
  }

  turnEnded(): void {
    this.#role?.turnEnded()
  }

  /** Leaves role and election for good; calls `done` when what was logged is durable. */
  stop(done: () => void): void {
    this.#isStopped = true
    this.#comingBack?.cancel()
    this.#election.stop()
    this.#leave('the server stops', done)
  }

  #look(): void {
    if (this.#isStopped) return
    this.#state = 'looking'
    if (this.#options.reconfigEnabled) followHistory(this.#ports)
    const { lastZxid, currentEpoch } = this.#ports.history
    const elector = this.#givesWay() ? 'elector' : 'candidate'
    const part = this.#options.isDiskless ? 'bystander' : elector
    this.#election.start({ part, lastZxid, currentEpoch })
  }

  /** @returns whether another one is to lead; if none does, the election begins anew when that time is over */
  #givesWay(): boolean {
    const { clock } = this.#ports
    const leftMs = this.#givesWayUntilMs - clock.nowMs
    this.#comingBack?.cancel()
    this.#comingBack = leftMs > 0 ? clock.after(leftMs, () => this.#look()) : undefined
    return leftMs > 0
  }

  #decided(state: Exclude<ElectionState, 'looking'>, vote: Vote): void {
    if (state === 'leading') this.#begin(state, this.#options.serverId)
    else this.#begin(state, vote.leader)
  }

  #begin(state: Exclude<ElectionState, 'looking'>, leaderId: number): void {
    this.#comingBack?.cancel()
    const parts: RoleParts = {
      options: this.#options,
      ports: this.#ports,
      window: this.#window,
      logSync: this.#logSync,
      epochHeard: this.#epochHeard,
      ended: (end) => this.#ended(end),
      established: (epoch) => {
        this.#isServing = true
        this.#election.setPeerEpoch(epoch)
      },
      activated: () => this.#election.restartConnections(),
    }
    this.#state = state
    const role =
      state === 'leading'
        ? new Leader(parts)
        : new Learner(
            parts,
            leaderId,
            state === 'observing',
            state === 'observing' ? this.#masters : undefined,
          )
    this.#role = role
    role.start()
  }

  #ended(end: RoleEnd): void {
    this.#epochHeard = Math.max(this.#epochHeard, end.epochHeard ?? 0)
    this.#ports.report({
      level: 'warn',
      code: end.code,
      message: `${this.#state} is over: ${end.reason}`,
    })
    const { serverId: ownId, observerElectionDelayMs } = this.#options
    const lookDelayMs = this.#state === 'observing' ? spreadMs(ownId, observerElectionDelayMs) : 0
    this.#leave(end.reason, () => {
      if (this.#isStopped) return
      const { isDiskless, serverId, tickTimeMs } = this.#options
      if (end.givesWay === true)
        this.#givesWayUntilMs = this.#ports.clock.nowMs + giveWayTicks * tickTimeMs
      const mayNotLead = isDiskless && end.designatedLeader === serverId
      if (end.designatedLeader === undefined || mayNotLead) this.#lookAfter(lookDelayMs)
      else this.#followDesignated(end.designatedLeader)
    })
  }

  #lookAfter(delayMs: number): void {
    if (delayMs === 0) this.#look()
    else this.#ports.clock.after(delayMs, () => this.#look())
  }

  /** Ends the role, and calls `done` when memory and disk agree on a history. */
  #leave(reason: string, done: () => void): void {
    const role = this.#role
    this.#role = undefined
    this.#state = 'looking'
    this.#election.leave()
    if (this.#isServing) this.#ports.host.termEnded(reason)
    this.#isServing = false
    const settle = (): void =>
      this.#logSync.flush(() => {
        for (const proposal of this.#window.outstanding()) {
          this.#ports.history.apply(proposal)
          this.#window.deliverNext()
        }
        done()
      })
    if (role === undefined) settle()
    else role.end(settle)
  }

  /** A reconfiguration has named the next leader: no election is needed. */
  #followDesignated(leader: number): void {
    const { history, memberships } = this.#ports
    const { serverId } = this.#options
    const vote = {
      leader,
      zxid: history.lastZxid,
      round: this.#election.round,
      peerEpoch: history.currentEpoch,
    }
    const isFollowing = !this.#options.isDiskless && isFollower(memberships.committed, serverId)
    const role = isFollowing ? 'following' : 'observing'
    const state = leader === serverId ? 'leading' : role
    this.#election.designate(state, vote)
    this.#begin(state, leader)
  }

  /** Another server's committed membership is newer: the election begins anew with it. */
  #adoptMembership(text: string): void {
    let membership: Membership
    try {
      membership = parseMembership(text)
    } catch (error) {
      this.#ports.report({
        level: 'warn',
        code: 'MEMBERSHIP_UNREADABLE',
        message: `a notification carries a membership that can't be read: ${(error as Error).message}`,
      })
      return
    }
    const { memberships, host } = this.#ports
    memberships.setCommitted(membership)
    if (memberships.lastSeen.version < membership.version) memberships.setLastSeen(membership)
    host.membershipChanged(membership.text)
    this.#election.stop()
    this.#look()
  }
}

/** Who comes too early tries again. */
function refused(link: PeerLink): PeerLinkListener {
  link.close()
  return { received: () => {}, drained: () => {}, closed: () => {} }
}
