/**
 * One server of an ensemble, as a pure composition: its history on disk, the election's connections, the engine, and what serves
 * clients now, if anything does. The driver enters it by one call at a time.
 *
 * 1. Clients are served in a term, by a service made for it over the tree as it is then; when the term ends all of them are cut off.
 *    Without a term they are served by a read-only service, if that is wanted, or not at all.
 * 2. The tree changes in a term only by what the term delivers; outside of one no client sees it change.
 * 3. A snapshot being written is given up before the history changes under it.
 */
import {
  type Clock,
  type ConsensusHost,
  ElectionConnections,
  type LeaderHost,
  type LeaderTerm,
  type LearnerView,
  type LearnerHost,
  type LearnerTerm,
  type PeerLink,
  type PeerLinkListener,
  type Proposal,
  type Term,
  ZabEngine,
  type ZabOptions,
} from '@quorate/consensus'
import type { Zxid } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from '../client-connection.ts'
import { ClientService, serviceMemory, type ServicePorts } from '../client-service.ts'
import type { ClientLink } from '../driver-port.ts'
import type { ServerView, SessionsView, WatchesView } from '../inspection.ts'
import type { ReplicaOptions } from '../replica-options.ts'
import type { ReplyOrder } from '../reply-order.ts'
import type { Authority, AuthorityHost } from '../roles/authority.ts'
import { LeaderAuthority } from '../roles/leader-authority.ts'
import { LearnerAuthority } from '../roles/learner-authority.ts'
import { ReadOnlyAuthority } from '../roles/read-only-authority.ts'
import { SessionIds } from '../session-ids.ts'
import { DiskHistory, type DiskHistoryOptions } from './disk-history.ts'
import type { MemberDriver } from './member-driver.ts'
import { DisklessHistory } from './diskless-history.ts'
import type { MemberHistory } from './member-history.ts'
import { MemberSnapshots } from './member-snapshots.ts'
import { LeaderEntrance, LearnerEntrance, type TermEntry } from './term-hosts.ts'

export type MemberState = 'looking' | 'leading' | 'following' | 'observing' | 'read-only'

export interface EnsembleMemberOptions {
  readonly replica: ReplicaOptions
  /** Its server id and tick are the replica's. */
  readonly zab: ZabOptions
  /** How long a peer of the election may take to say who it is. */
  readonly electionHandshakeTimeoutMs: number
  /** Whether peers of the election are told all addresses of this server, and not just the first (`multiAddress.enabled`). */
  readonly saysAllAddresses: boolean
  /** Whether clients may read while there is no leader (`readonlymode.enabled`). */
  readonly isReadOnlyModeEnabled: boolean
  /** What of the history is not the driver's affair: how it is written and read. */
  readonly history: Pick<
    DiskHistoryOptions,
    'treeOptions' | 'logOptions' | 'snapshotOptions' | 'decompressor' | 'trustsEmptySnapshot'
  >
}

/** Before this no server serves reads only, however short its ticks. */
const readOnlyDelayMsMin = 2_000

/** Of a server that is in no membership: nobody calls back at it. */
const unknownAddress = { host: '0.0.0.0', port: 0 }

export class EnsembleMember implements ConsensusHost, TermEntry, ServicePorts {
  readonly #options: EnsembleMemberOptions
  readonly #driver: MemberDriver
  readonly #history: MemberHistory
  readonly #elections: ElectionConnections
  /** Undefined: its disk takes nothing. */
  readonly #snapshots: MemberSnapshots | undefined
  readonly #sessionIds: SessionIds
  readonly #memory = serviceMemory()
  #engine: ZabEngine | undefined
  #service: ClientService | undefined
  /** Its sessions' leftovers are to be cleaned with the first turn of its term. */
  #newLeader: LeaderAuthority | undefined
  #isTurnEndRequested = false
  #isStopped = false
  /** Since when there is neither leader nor role, ms. */
  #lookingSinceMs: number | undefined

  constructor(options: EnsembleMemberOptions, driver: MemberDriver) {
    this.#options = options
    this.#driver = driver
    const { platform, serverId } = options.replica
    const { disk, dataDirectory, logDirectory } = driver
    const historyOptions: DiskHistoryOptions = {
      ...options.history,
      disk,
      dataDirectory,
      logDirectory,
      platform,
      recentCountMax: options.zab.commitLogCount,
      failed: (error) => driver.failed(error),
      abortSnapshot: () => this.#historyChanges(),
      reported: ({ type, file, offset, reason }) =>
        driver.report({
          level: 'warn',
          code: type === 'tailCut' ? 'LOG_TAIL_CUT' : 'SNAPSHOT_SKIPPED',
          message: `${file}: ${reason}`,
          fields: { file, offset },
        }),
      observer: driver.historyObserver,
    }
    if (options.zab.isDiskless) this.#history = new DisklessHistory(historyOptions)
    else {
      const history = new DiskHistory(historyOptions)
      this.#history = history
      this.#snapshots = new MemberSnapshots(options.replica, driver, history)
    }
    this.#sessionIds = new SessionIds({ serverId, wallMs: driver.wallMs })
    this.#elections = this.#electionConnections()
  }

  /** What the server is; it serves clients in this state only while {@link isServing}. */
  get state(): MemberState {
    const state = this.#engine?.state ?? 'looking'
    return state === 'looking' && this.#service !== undefined ? 'read-only' : state
  }

  /** Whether clients may come. */
  get isServing(): boolean {
    return this.#service !== undefined
  }

  /** Of the last transaction that clients can see. */
  get lastZxid(): Zxid {
    return this.tree.lastZxid
  }

  get tree(): Tree {
    return this.#history.tree
  }

  /** Recovers what is on disk and looks for a leader. A disk that fails is told to the driver, and `done` is never called. */
  start(done: () => void): void {
    this.#history.start(() => {
      if (this.#isStopped) return
      this.#snapshots?.started()
      this.#engine = new ZabEngine(this.#options.zab, {
        clock: clockOf(this.#driver),
        history: this.#history,
        memberships: this.#driver.memberships,
        election: this.#elections,
        host: this,
        dial: (serverId, listener) => this.#driver.dialQuorum(serverId, listener),
        dialMaster: (serverId, listener) => this.#driver.dialObserverMaster(serverId, listener),
        report: (report) => this.#driver.report(report),
      })
      this.#engine.start()
      done()
    })
  }

  /** Leaves the ensemble; calls `done` when what was logged is durable. */
  stop(done: () => void): void {
    this.#isStopped = true
    this.#endService()
    this.#snapshots?.abort()
    const close = (): void => {
      this.#elections.restart()
      this.#history.close(done)
    }
    if (this.#engine === undefined) close()
    else this.#engine.stop(close)
  }

  // What happens.

  /** A server has connected to the quorum port. */
  learnerConnected(link: PeerLink): PeerLinkListener {
    return this.#engine === undefined || this.#isStopped ? refused(link) : this.#engine.accept(link)
  }

  /** An observer has connected to the observer master port. */
  observerConnected(link: PeerLink): PeerLinkListener {
    return this.#engine === undefined || this.#isStopped
      ? refused(link)
      : this.#engine.acceptObserver(link)
  }

  /** A server has connected to the election port. */
  electionConnected(link: PeerLink): PeerLinkListener {
    return this.#engine === undefined || this.#isStopped
      ? refused(link)
      : this.#elections.accept(link)
  }

  /** @returns undefined when nobody serves now: the driver closes the connection */
  clientConnected(link: ClientLink): ClientConnection | undefined {
    this.entered()
    return this.#service?.connected(link)
  }

  /** The client sent `bytes[start, end)`, which the caller may use again afterwards. */
  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    this.entered()
    if (!connection.isClosed) this.#service?.received(connection, bytes, start, end)
  }

  drained(connection: ClientConnection): void {
    this.entered()
    if (!connection.isClosed) this.#service?.drained(connection)
  }

  disconnected(connection: ClientConnection): void {
    this.entered()
    if (this.#service?.has(connection) === true) this.#service.disconnected(connection)
  }

  turnEnded(): void {
    this.#isTurnEndRequested = false
    this.entered()
    this.#newLeader?.expireOrphans()
    this.#newLeader = undefined
    this.#service?.turnEnded()
    this.#engine?.turnEnded()
    this.#snapshots?.takeDue()
  }

  /** Some time has passed: expire sessions, clean containers and TTL nodes. Call it every half tick. */
  ticked(): void {
    this.entered()
    this.#service?.ticked()
    if (this.#options.isReadOnlyModeEnabled) this.#considerReadOnly()
  }

  // What it shows.

  connections(): Iterable<ClientConnection> {
    return this.#service?.connections() ?? []
  }

  view(): ServerView {
    const present = { outstandingCount: 0, sessionCount: this.tree.timeoutMsBySession.size }
    return this.#service?.view() ?? this.#memory.stats.view(this.tree, present)
  }

  /** The learners of this leader; of a follower the observers that it serves. */
  learners(): Iterable<LearnerView> {
    return this.#engine?.learners() ?? []
  }

  /** Who serves this observer, its leader or a follower in its place; undefined when it does not observe. */
  get observerMasterId(): number | undefined {
    return this.#engine?.observerMasterId
  }

  /** Undefined while nobody is served. */
  sessionsView(): SessionsView | undefined {
    return this.#service?.sessionsView()
  }

  /** Undefined while nobody is served. */
  watchesView(): WatchesView | undefined {
    return this.#service?.watchesView()
  }

  /** Counters by Apache's metric names; those of the service begin anew with each term. */
  counters(): Readonly<Record<string, number>> {
    const { waits, refusals } = this.#service?.throttleCounts ?? { waits: 0, refusals: 0 }
    return {
      ...this.#memory.stats.counters,
      request_throttle_wait_count: waits,
      throttled_ops: refusals,
    }
  }

  /** `srst`: the server's latencies and counts start anew. */
  resetStats(): void {
    this.#memory.stats.reset()
  }

  // What the engine tells.

  leadingStarted(term: LeaderTerm): LeaderHost {
    const { tree } = this
    const { replica } = this.#options
    const sessionIds = this.#sessionIds
    const { authority } = this.#serve(
      (host, order) =>
        new LeaderAuthority({
          host,
          order,
          tree,
          options: replica,
          sessionIds,
          term,
          isAlone: false,
        }),
    )
    this.#newLeader = authority
    this.#termStarted(term, this.#options.replica.serverId)
    return new LeaderEntrance(authority, this)
  }

  learningStarted(term: LearnerTerm): LearnerHost {
    const { tree } = this
    const { replica } = this.#options
    const sessionIds = this.#sessionIds
    const { authority } = this.#serve(
      (host, order) =>
        new LearnerAuthority({ host, order, tree, options: replica, sessionIds, term }),
    )
    this.#termStarted(term, term.leaderId)
    return new LearnerEntrance(authority, this)
  }

  termEnded(): void {
    this.#endService()
    this.#driver.termObserver?.termEnded()
  }

  membershipChanged(text: string): void {
    this.#showMembership(text)
  }

  requestTurnEnd(): void {
    if (this.#isTurnEndRequested || this.#isStopped) return
    this.#isTurnEndRequested = true
    this.#driver.requestTurnEnd()
  }

  // What a term and a service tell.

  entered(): void {
    // A leader was found: what it sends changes the tree from here on.
    if (this.#service?.authority.isReadOnly === true && this.#engine?.state !== 'looking')
      this.#endService()
    this.#service?.advanceClock(this.#driver.monotonicMs, this.#driver.wallMs)
  }

  applied({ zxid, bytes }: Proposal): void {
    this.#driver.historyObserver?.applied(zxid, bytes, 0, bytes.length, false)
    this.requestTurnEnd()
  }

  txnApplied(lengthBytes: number): void {
    this.#snapshots?.txnApplied(lengthBytes)
  }

  report(report: Parameters<MemberDriver['report']>[0]): void {
    this.#driver.report(report)
  }

  #serve<A extends Authority>(
    authority: (host: AuthorityHost, order: ReplyOrder) => A,
  ): ClientService<A> {
    this.#endService()
    this.#showMembership(this.#driver.memberships.committed.text)
    const { monotonicMs, wallMs } = this.#driver
    const service = new ClientService({
      options: this.#options.replica,
      tree: this.tree,
      ports: this,
      memory: this.#memory,
      now: { monotonicMs, wallMs },
      authority,
    })
    this.#service = service
    return service
  }

  #endService(): void {
    this.#newLeader = undefined
    this.#service?.stop()
    this.#service = undefined
  }

  #termStarted(term: Term, leaderId: number): void {
    this.#lookingSinceMs = undefined
    const { lostAclIds } = this.tree
    if (lostAclIds.length > 0)
      this.#driver.report({
        level: 'warn',
        code: 'ACL_LOST',
        message:
          'nodes of a snapshot refer to ACLs that it lacks, and no transaction has set others: they are open to nobody ' +
          'until a super user sets their ACLs',
        fields: { aclIds: lostAclIds.slice(0, 16) },
      })
    if (this.#options.zab.isDiskless)
      this.#driver.report({
        level: 'warn',
        code: 'SERVING_WITHOUT_DISK',
        message:
          'the disk takes nothing: this server observes, serves reads and passes writes on, and neither votes nor counts ' +
          'for what is committed, until there is room and it comes back',
      })
    this.#driver.termObserver?.termStarted(term.role, term.epoch, leaderId)
    this.requestTurnEnd()
  }

  /** Snapshots and read-only clients have no place where the history is about to change. */
  #historyChanges(): void {
    this.#snapshots?.abort()
    this.#endService()
  }

  #considerReadOnly(): void {
    if (this.#engine?.state !== 'looking') {
      this.#lookingSinceMs = undefined
      return
    }
    const { monotonicMs } = this.#driver
    this.#lookingSinceMs ??= monotonicMs
    const delayMs = Math.max(readOnlyDelayMsMin, this.#options.replica.tickTimeMs)
    if (this.#service !== undefined || monotonicMs - this.#lookingSinceMs < delayMs) return
    const { tree } = this
    const { replica } = this.#options
    const sessionIds = this.#sessionIds
    this.#serve(
      (host, order) => new ReadOnlyAuthority({ host, order, tree, options: replica, sessionIds }),
    )
  }

  /** Clients read the membership from its node, which no transaction fills before the first reconfiguration. */
  #showMembership(text: string): void {
    const { platform } = this.#options.replica
    this.tree.showMembership(platform.utf8Encode(text), this.#driver.memberships.committed.version)
  }

  #electionConnections(): ElectionConnections {
    const driver = this.#driver
    const { serverId, platform } = this.#options.replica
    return new ElectionConnections({
      serverId,
      electionAddresses: () =>
        driver.memberships.committed.memberById.get(serverId)?.electionAddresses ?? [
          unknownAddress,
        ],
      saysAllAddresses: this.#options.saysAllAddresses,
      dial: (id, listener, addresses) => driver.dialElection(id, listener, addresses),
      memberships: driver.memberships,
      clock: clockOf(driver),
      handshakeTimeoutMs: this.#options.electionHandshakeTimeoutMs,
      received: (from, notification) => this.#engine?.notificationReceived(from, notification),
      unreachable: (id) => this.#engine?.voterUnreachable(id),
      lost: (id) => this.#engine?.voterDisconnected(id),
      report: (report) => driver.report(report),
      platform,
    })
  }
}

function clockOf(driver: MemberDriver): Clock {
  return {
    get nowMs(): number {
      return driver.monotonicMs
    },
    after: (delayMs, run) => driver.after(delayMs, run),
  }
}

/** Who comes too early, or too late, tries again. */
function refused(link: PeerLink): PeerLinkListener {
  link.close()
  return { received() {}, drained() {}, closed() {} }
}
