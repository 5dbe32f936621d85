/**
 * A server without peers, as a pure composition: the service for its clients in front, an engine that is alone in the middle, the
 * tree behind. It knows no socket, file or clock; the driver brings events and carries out what {@link ReplicaDriver} is asked.
 *
 * The driver calls {@link Replica.advanceClock} before every event, so that one event has one time.
 */
import { type ConsensusEngine, StandaloneEngine } from '@quorate/consensus'
import type { Zxid } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import { ClientService, serviceMemory } from './client-service.ts'
import type { ClientLink, ReplicaDriver, ReplicaReport } from './driver-port.ts'
import type { ServerView, SessionsView, WatchesView } from './inspection.ts'
import type { ReplicaOptions } from './replica-options.ts'
import { FullDiskAuthority } from './roles/full-disk-authority.ts'
import { LeaderAuthority } from './roles/leader-authority.ts'
import { SessionIds } from './session-ids.ts'
import { type Replayed, SnapshotSchedule } from './snapshot-schedule.ts'

export class Replica {
  readonly #driver: ReplicaDriver
  readonly #tree: Tree
  readonly #engine: ConsensusEngine
  readonly #service: ClientService
  /** Undefined: the log takes nothing, and only reads are served. */
  readonly #leader: LeaderAuthority | undefined
  readonly #snapshots: SnapshotSchedule
  readonly #memory = serviceMemory()
  #isSnapshotDue = false
  #isTakingSnapshot = false
  #isStartingSync = false
  #isTurnEndRequested = false

  /**
   * @param tree as recovered from disk
   * @param start the time now (ms on the monotonic clock that `advanceClock` goes on with, and ms since 1970), and
   *   what recovery replayed. With `isDiskless` the log takes nothing: only reads are served
   */
  constructor(
    options: ReplicaOptions,
    driver: ReplicaDriver,
    tree: Tree,
    start: {
      readonly monotonicMs: number
      readonly wallMs: number
      readonly isDiskless?: boolean
    } & Partial<Replayed>,
  ) {
    this.#driver = driver
    this.#tree = tree
    this.#snapshots = new SnapshotSchedule(options, start)
    this.#engine = new StandaloneEngine(tree.lastZxid, {
      append: (proposal) => driver.append(proposal.zxid, proposal.bytes),
      sync: (upTo) => driver.sync(upTo),
      deliver: (proposal) => this.#service.authority.deliver(proposal),
    })
    const { serverId } = options
    const sessionIds = new SessionIds({ serverId, wallMs: start.wallMs })
    const service = {
      options,
      tree,
      ports: {
        requestTurnEnd: () => this.#requestTurnEnd(),
        txnApplied: (lengthBytes: number) => this.#txnApplied(lengthBytes),
        report: (report: ReplicaReport) => driver.report(report),
      },
      memory: this.#memory,
      now: start,
    }
    const common = { tree, options, sessionIds }
    if (start.isDiskless === true) {
      this.#service = new ClientService({
        ...service,
        authority: (host, order) => new FullDiskAuthority({ ...common, host, order }),
      })
      return
    }
    const leading = new ClientService({
      ...service,
      authority: (host, order) =>
        new LeaderAuthority({ ...common, host, order, term: this.#engine, isAlone: true }),
    })
    this.#service = leading
    this.#leader = leading.authority
    this.#leader.expireOrphans()
  }

  get lastZxid(): Zxid {
    return this.#tree.lastZxid
  }

  advanceClock(monotonicMs: number, wallMs: number): void {
    this.#service.advanceClock(monotonicMs, wallMs)
  }

  connected(link: ClientLink): ClientConnection {
    return this.#service.connected(link)
  }

  /** The peer sent `bytes[start, end)`, which the caller may use again afterwards. */
  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    this.#service.received(connection, bytes, start, end)
  }

  disconnected(connection: ClientConnection): void {
    this.#service.disconnected(connection)
  }

  /** The peer has taken everything that was queued for it. */
  drained(connection: ClientConnection): void {
    this.#service.drained(connection)
  }

  synced(upTo: Zxid): void {
    this.#engine.synced(upTo)
    this.#service.deliveriesEnded()
    this.#takeDueSnapshot()
    this.#startSync()
  }

  turnEnded(): void {
    this.#isTurnEndRequested = false
    this.#startSync()
    this.#service.turnEnded()
  }

  /** Some time has passed: expire sessions, clean containers and TTL nodes. Call it every half tick or so. */
  ticked(): void {
    this.#service.ticked()
  }

  /** The snapshot that was asked for is on disk, or could not be written (the driver said why). */
  snapshotEnded(): void {
    this.#isTakingSnapshot = false
  }

  connections(): Iterable<ClientConnection> {
    return this.#service.connections()
  }

  view(): ServerView {
    return this.#service.view()
  }

  sessionsView(): SessionsView {
    return this.#service.sessionsView()
  }

  watchesView(): WatchesView {
    return this.#service.watchesView()
  }

  /** Counters that only grow, by Apache's metric names. */
  counters(): Readonly<Record<string, number>> {
    const { queued, removed } = this.#leader?.changeCounts ?? { queued: 0, removed: 0 }
    const { waits, refusals } = this.#service.throttleCounts
    return {
      ...this.#memory.stats.counters,
      request_throttle_wait_count: waits,
      throttled_ops: refusals,
      outstanding_changes_queued: queued,
      outstanding_changes_removed: removed,
    }
  }

  /** `srst`: the server's latencies and counts start anew. */
  resetStats(): void {
    this.#memory.stats.reset()
  }

  #requestTurnEnd(): void {
    if (this.#isTurnEndRequested) return
    this.#isTurnEndRequested = true
    this.#driver.requestTurnEnd()
  }

  #txnApplied(lengthBytes: number): void {
    if (this.#snapshots.isDueAfter(lengthBytes)) this.#isSnapshotDue = true
  }

  /** What was proposed meanwhile goes to disk. A disk that is done at once gets the next sync with the next turn, not deeper in the stack. */
  #startSync(): void {
    if (this.#isStartingSync) {
      this.#service.requestTurnEndIfNeeded()
      return
    }
    this.#isStartingSync = true
    this.#engine.turnEnded()
    this.#isStartingSync = false
  }

  #takeDueSnapshot(): void {
    if (!this.#isSnapshotDue || this.#isTakingSnapshot) return
    this.#isSnapshotDue = false
    this.#isTakingSnapshot = true
    this.#snapshots.taken()
    this.#driver.takeSnapshot(this.#tree.openImage())
  }
}
