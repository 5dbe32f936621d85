/**
 * Fast leader election: who of the voters is to lead. Every voter tells all others whom it proposes, and changes to the best proposal
 * it hears of; when a quorum proposes the same server and nothing better turns up for a while, or nobody is left who could bring it, each of them
 * has elected it.
 *
 * 1. The proposal of a round only gets better, in the order (peerEpoch, zxid, id), and never by a server of weight 0.
 * 2. A leader is decided on by votes of a quorum that agree, or because a quorum follows it already and it says itself that it leads.
 * 3. What comes from who has no vote, or proposes who has none, changes nothing here. It is answered at most.
 * 4. A server whose data are gone (zxid −1) neither votes nor lets votes count (ZOOKEEPER-261).
 * 5. Who is no candidate neither proposes itself nor follows a proposal of itself.
 *
 * An election is a choice of whom to try, no more: that at most one server leads in an epoch, with all that was committed, is seen to
 * by the discovery phase that follows. The round is in memory only.
 */
import { type Notification, notificationVersion, noVote } from '@quorate/protocol'
import type { Appointment, Clock } from '../peer-link.ts'
import { isFollower } from '../quorum/membership.ts'
import type { ElectionTransport, MembershipStore, ZabReport } from '../zab/zab-ports.ts'
import type {
  ElectionHost,
  ElectionOptions,
  ElectionParameters,
  ElectionPart,
  ElectionStart,
} from './election-ports.ts'
import { Electorate } from './electorate.ts'
import { membershipVersionOf } from './membership-version.ts'
import { RecentAnswers } from './recent-answers.ts'
import { VoteSet } from './vote-set.ts'
import {
  agree,
  beats,
  type Candidate,
  type CastVote,
  electionStateOf,
  type ElectionState,
  peerStateOf,
  type Vote,
} from './vote.ts'

/** The zxid of a server whose data are gone. */
const noHistory = -1
/** A higher round could not be counted on from. */
const roundMax = 2 ** 52

const nobody: Candidate = { leader: noVote, zxid: noVote, peerEpoch: noVote }

export class FastLeaderElection {
  readonly #serverId: number
  readonly #options: ElectionOptions
  readonly #memberships: MembershipStore
  readonly #electorate: Electorate
  readonly #transport: ElectionTransport
  readonly #clock: Clock
  readonly #host: ElectionHost
  readonly #report: (report: ZabReport) => void
  readonly #answers: RecentAnswers
  /** Votes of this round. */
  readonly #votes = new VoteSet()
  /** Votes of servers that have a leader, whatever the round: "out of election". */
  readonly #established = new VoteSet()
  /** Own notifications on their way to this server itself. */
  #own: Notification[] = []
  #isHearingOwn = false
  #phase: 'stopped' | 'left' | 'waiting' | 'finalizing' | 'decided' = 'stopped'
  /** What came last from each since this server has left its role. */
  readonly #unheard = new Map<number, Notification>()
  #state: ElectionState = 'looking'
  #round = 0
  #part: ElectionPart = 'candidate'
  #initial = nobody
  #proposal = nobody
  #decision: Vote = { ...nobody, round: 0 }
  /** Whose votes have decided, or will when nothing better turns up. */
  #electors = new Set<number>()
  /** Voters that could not be connected with in this round, and were not heard of since. */
  readonly #unreachable = new Set<number>()
  /** In the first election of its life a server may be one of many that are being started: who refuses now may be there in a moment. */
  #hasHadLeader = false
  /** Voters that were sent the proposal again in this round, as a connection was lost. */
  readonly #retold = new Set<number>()
  /** Of {@link start} and {@link stop}, to see that the host called them. */
  #life = 0
  #intervalMs: number
  #timer: Appointment | undefined

  constructor(parameters: ElectionParameters) {
    this.#serverId = parameters.serverId
    this.#options = parameters.options
    this.#memberships = parameters.memberships
    this.#electorate = new Electorate(parameters.memberships)
    this.#transport = parameters.transport
    this.#clock = parameters.clock
    this.#host = parameters.host
    this.#report = parameters.report
    this.#intervalMs = parameters.options.minNotificationIntervalMs
    this.#answers = new RecentAnswers(parameters.options.minNotificationIntervalMs / 2)
  }

  get state(): ElectionState {
    return this.#state
  }

  /** The logical clock. */
  get round(): number {
    return this.#round
  }

  /** The proposal while looking, else what was decided; others are answered with it. */
  get vote(): Vote {
    if (this.#phase === 'decided') return this.#decision
    return { ...this.#proposal, round: this.#round }
  }

  /** Looks for a leader: a new round. */
  start(from: ElectionStart): void {
    this.#life++
    this.#own = []
    this.#established.clear()
    this.#electors = new Set()
    this.#enterRound(this.#round + 1)
    this.#state = 'looking'
    this.#phase = 'waiting'
    this.#part = from.part ?? 'candidate'
    const isCandidate = this.#isVoting && this.#part === 'candidate'
    this.#initial = isCandidate
      ? { leader: this.#serverId, zxid: from.lastZxid, peerEpoch: from.currentEpoch }
      : nobody
    this.#intervalMs = this.#options.minNotificationIntervalMs
    this.#propose(this.#initial)
    this.#hearOwn()
    const unheard = [...this.#unheard]
    this.#unheard.clear()
    for (const [sender, notification] of unheard) this.received(sender, notification)
  }

  /**
   * The role is over, and {@link start} follows when that is on disk, which may take long. Until then nobody is told of the role: who
   * looks for a leader would come to this server, or stay away from a better one.
   */
  leave(): void {
    if (this.#phase === 'stopped') return
    this.#life++
    this.#cancelTimer()
    this.#own = []
    this.#phase = 'left'
    this.#state = 'looking'
  }

  received(from: number, notification: Notification): void {
    if (this.#phase === 'stopped' || from === this.#serverId) return
    this.#unreachable.delete(from)
    if (this.#phase === 'left') return void this.#unheard.set(from, notification)
    if (this.#isOvertakenBy(notification)) return
    const state = electionStateOf(notification)
    if (state === undefined) {
      this.#ignored(from, `the state ${notification.state} is not known`)
    } else if (!this.#electorate.isVoter(from)) {
      // Compatibility: who has no vote is answered only while it looks for a leader; everything else is an answer already.
      if (state === 'looking') this.#answerOutsider(from, notification)
    } else if (this.#state !== 'looking') {
      if (state === 'looking') this.#answerLooking(from, notification)
    } else {
      if (state === 'looking' && notification.electionEpoch < this.#round) {
        this.#answer(from, notification, this.vote)
      }
      this.#hear(from, notification, state)
      this.#hearOwn()
    }
  }

  /** An attempt to connect with this server has failed: in this round its vote need not be waited for. */
  unreachable(serverId: number): void {
    if (!this.#electorate.isVoter(serverId) || this.#phase === 'stopped') return
    if (!this.#hasHadLeader) return
    this.#unreachable.add(serverId)
    if (this.#phase === 'finalizing') this.#decideIfComplete()
  }

  /** The connection with this server has ended, and may have taken the proposal along. Once a round it is sent again. */
  connectionLost(serverId: number): void {
    if (this.#phase !== 'waiting' && this.#phase !== 'finalizing') return
    if (!this.#electorate.isVoter(serverId) || this.#retold.has(serverId)) return
    this.#retold.add(serverId)
    this.#transport.send(serverId, this.#notificationOf(this.vote))
  }

  /** The epoch that leader and followers became active in; it replaces peerEpoch in the vote that others are answered with (ZOOKEEPER-1732). */
  setPeerEpoch(epoch: number): void {
    this.#decision = { ...this.#decision, peerEpoch: epoch }
  }

  /** A reconfiguration has named the leader: this server has its role without an election. */
  designate(state: Exclude<ElectionState, 'looking'>, vote: Vote): void {
    this.#life++
    this.#cancelTimer()
    this.#own = []
    this.#unheard.clear()
    this.#phase = 'decided'
    this.#state = state
    this.#decision = vote
    this.#electors = new Set()
  }

  /** Another membership has come into force while this server has a role: it keeps role and vote, but rounds and connections begin anew. */
  restartConnections(): void {
    this.#round = 0
    this.#answers.clear()
    this.#transport.restart()
  }

  /** Leaves the election or the role without looking anew. The next {@link start} is in round 1, on new connections. */
  stop(): void {
    this.#life++
    this.#phase = 'stopped'
    this.#own = []
    this.#unheard.clear()
    this.#cancelTimer()
    this.restartConnections()
  }

  get #ownVote(): CastVote {
    return { ...this.#proposal, round: this.#round, state: 'looking', version: 0 }
  }

  get #isVoting(): boolean {
    return this.#memberships.committed.quorums.isVoter(this.#serverId)
  }

  /** Hands a newer membership to the host. @returns whether that has made another election of this one */
  #isOvertakenBy({ config }: Notification): boolean {
    if (this.#state !== 'looking' || !this.#options.reconfigEnabled || config === undefined) {
      return false
    }
    const version = membershipVersionOf(config)
    if (version === undefined || version <= this.#memberships.committed.version) return false
    const life = this.#life
    this.#host.membershipSeen(config)
    return life !== this.#life
  }

  /**
   * Compatibility: while looking the answer is the present proposal. Apache's servers answer by what they had elected before, which may
   * be the leader that has just died.
   */
  #answerOutsider(to: number, heard: Notification): void {
    this.#answer(to, heard, { ...this.vote, round: this.#round })
  }

  /** Somebody looks for a leader, and this server has one. */
  #answerLooking(to: number, heard: Notification): void {
    // Compatibility: who still waits with the vote that elected this server has not left it.
    const isElecting =
      heard.electionEpoch === this.#decision.round && heard.leader === this.#decision.leader
    const life = this.#life
    if (this.#state === 'leading' && this.#electors.has(to) && !isElecting) {
      this.#host.voterLeft(to)
      if (life !== this.#life) return
    }
    // Compatibility: an Apache server hears of it only when it finds nobody at the leader's port.
    if (to === this.#decision.leader && heard.electionEpoch > this.#decision.round) {
      this.#host.leaderLeft()
      if (life !== this.#life) return
    }
    this.#answer(to, heard, this.#decision)
  }

  // Compatibility: the same answer is not given twice in a row. Two servers that take each other for non-voters would answer for ever.
  #answer(to: number, heard: Notification, vote: Vote): void {
    if (this.#answers.isDue(to, { heard, vote, atMs: this.#clock.nowMs })) {
      this.#transport.send(to, this.#notificationOf(vote))
    }
  }

  #notificationOf(vote: Vote): Notification {
    const isKept = this.#part === 'bystander' && this.#state === 'looking'
    const { leader, zxid, peerEpoch } = isKept ? nobody : vote
    return {
      state: peerStateOf(this.#state),
      leader,
      zxid,
      electionEpoch: vote.round,
      peerEpoch,
      version: notificationVersion,
      config: this.#memberships.committed.text,
    }
  }

  #propose(candidate: Candidate): void {
    const { leader, zxid, peerEpoch } = candidate
    this.#proposal = { leader, zxid, peerEpoch }
    this.#tellAll()
  }

  /**
   * Compatibility: the time until the notification is repeated counts from here. In Apache's servers it counts from what was heard
   * last: two that repeat often enough silence a third one, though they have never heard of its better proposal.
   */
  #tellAll(): void {
    this.#appoint()
    const notification = this.#notificationOf(this.vote)
    for (const voterId of this.#electorate.voterIds) {
      if (voterId === this.#serverId) this.#own.push(notification)
      else this.#transport.send(voterId, notification)
    }
  }

  /** A notification to oneself comes in behind what is being handled, like any other. */
  #hearOwn(): void {
    if (this.#isHearingOwn) return
    this.#isHearingOwn = true
    while (this.#own.length > 0 && this.#state === 'looking') {
      this.#hear(this.#serverId, this.#own.shift()!, 'looking')
    }
    this.#isHearingOwn = false
  }

  #hear(from: number, notification: Notification, state: ElectionState): void {
    const { leader, zxid, electionEpoch: round, peerEpoch, version } = notification
    if (leader === noVote && state === 'looking') return this.#joinRound(round)
    if (!this.#electorate.isVoter(leader)) {
      this.#ignored(from, `server ${leader}, which it proposes, has no vote`)
      return
    }
    if (leader === this.#serverId && this.#part !== 'candidate') return
    const vote: CastVote = { leader, zxid, round, peerEpoch, state, version }
    if (state === 'looking') this.#hearLooking(from, vote)
    else if (state !== 'observing') this.#hearEstablished(from, vote)
  }

  /**
   * Compatibility: Apache ignores this notification, and its round. The sender votes in a membership that was proposed and does not know
   * of it, so it proposes nobody; it takes no vote of an earlier round, and without it there may be no quorum.
   */
  #joinRound(round: number): void {
    if (this.#initial.zxid === noHistory || round <= this.#round || round > roundMax) return
    this.#phase = 'waiting'
    this.#enterRound(round)
    this.#propose(this.#initial)
  }

  #hearLooking(from: number, vote: CastVote): void {
    if (this.#initial.zxid === noHistory || vote.zxid === noHistory) return
    if (vote.round < this.#round || vote.round > roundMax) return
    // Who looks for a leader follows none.
    const hadLeader = this.#established.delete(from)
    const { quorums } = this.#memberships.committed
    const isBetter = beats(vote, this.#proposal, quorums)
    // Compatibility: Apache lets it wait for the next notification. It had a leader when it was told, and took no proposal.
    if (hadLeader && vote.round === this.#round && beats(this.#proposal, vote, quorums))
      this.#transport.send(from, this.#notificationOf(this.vote))
    if (this.#phase === 'finalizing') {
      if (!isBetter) {
        if (!agree(vote, this.#ownVote)) return
        this.#electors.add(from)
        this.#decideIfComplete()
        return
      }
      this.#phase = 'waiting'
    }
    if (vote.round > this.#round) {
      this.#enterRound(vote.round)
      this.#propose(beats(vote, this.#initial, quorums) ? vote : this.#initial)
    } else if (isBetter) {
      this.#propose(vote)
    }
    this.#votes.set(from, vote)
    this.#count()
  }

  #enterRound(round: number): void {
    this.#round = round
    this.#votes.clear()
    this.#unreachable.clear()
    this.#retold.clear()
  }

  /** Does a quorum propose the same? Then something better may turn up for a while yet. */
  #count(): void {
    const { vote } = this
    const supporters = this.#votes.supportersOf(this.#ownVote)
    if (!this.#electorate.isQuorum(supporters)) return
    this.#electors = supporters
    this.#phase = 'finalizing'
    if (this.#decideIfComplete()) return
    this.#cancelTimer()
    // Compatibility: what is no better does not prolong the wait.
    this.#timer = this.#clock.after(this.#options.finalizeWaitMs, () => {
      this.#decide(vote)
    })
  }

  /**
   * Compatibility: an Apache server always waits for 200 ms. But when every voter proposes the same in this round, those aside that
   * could not even be connected with since it began, nothing better will turn up: a proposal only gets better by hearing of a better
   * one, and nobody is left to say it. A server that comes up just then finds a leader, or another election.
   *
   * @returns whether that is so, and the election is over
   */
  #decideIfComplete(): boolean {
    const { voterIds } = this.#electorate
    if (!voterIds.every((id) => this.#electors.has(id) || this.#unreachable.has(id))) return false
    this.#decide(this.vote)
    return true
  }

  /** The sender follows or leads: join it when a quorum does. */
  #hearEstablished(from: number, vote: CastVote): void {
    if (vote.round === this.#round) {
      // Without the version: within a round it is enough that the leader is the same, as some may be active already and some not.
      this.#votes.set(from, { ...vote, version: 0 })
      if (this.#isJoined(this.#votes, vote)) return
    }
    this.#established.set(from, vote)
    this.#isJoined(this.#established, vote)
  }

  /** The leader must say itself that it leads, by a vote of the same set that the quorum is of (ZOOKEEPER-3537). */
  #isJoined(votes: VoteSet, vote: CastVote): boolean {
    const supporters = votes.supportersOf(vote)
    // Compatibility: Apache also asks for a quorum of a membership that was proposed. Where only this server knows of that, it would
    // never join anybody; and whether the leader has the quorums it needs is settled by its epoch and NEWLEADER, not here.
    const { quorums } = this.#memberships.committed
    if (!quorums.isQuorum((serverId) => supporters.has(serverId))) return false
    const isConfirmed =
      vote.leader === this.#serverId ? vote.round === this.#round : votes.isLeading(vote.leader)
    if (!isConfirmed) return false
    const { leader, zxid, round, peerEpoch } = vote
    this.#round = round
    this.#electors = supporters
    this.#decide({ leader, zxid, round, peerEpoch })
    return true
  }

  #decide(vote: Vote): void {
    this.#cancelTimer()
    this.#own = []
    this.#phase = 'decided'
    this.#hasHadLeader = true
    this.#decision = vote
    const isFollowing =
      this.#part !== 'bystander' && isFollower(this.#memberships.committed, this.#serverId)
    const role = isFollowing ? 'following' : 'observing'
    const state = vote.leader === this.#serverId ? 'leading' : role
    this.#state = state
    this.#host.decided(state, vote)
  }

  #appoint(): void {
    this.#cancelTimer()
    this.#timer = this.#clock.after(this.#intervalMs, () => this.#timedOut())
  }

  #cancelTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #timedOut(): void {
    this.#intervalMs = Math.min(2 * this.#intervalMs, this.#options.maxNotificationIntervalMs)
    if (this.#transport.hasDelivered) {
      this.#tellAll()
      this.#hearOwn()
    } else {
      this.#transport.connectAll()
      this.#appoint()
    }
  }

  #ignored(from: number, reason: string): void {
    this.#report({
      level: 'warn',
      code: 'NOTIFICATION_IGNORED',
      message: `A notification of server ${from} is ignored: ${reason}.`,
      fields: { serverId: from },
    })
  }
}
