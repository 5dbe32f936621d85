/**
 * Carries out what the replica asks for, and brings it what happens: the only place where the two meet.
 *
 * 1. Every event has the time of its own moment: the clock is advanced before it.
 * 2. A sync that failed is the end: nothing is acknowledged after it, and the server stops.
 * 3. After {@link ReplicaDriver.stop} the replica hears of nothing new but the end of the sync under way.
 */
import type { TxnLog } from '@quorate/log'
import type { Zxid } from '@quorate/protocol'
import {
  type ClientConnection,
  type Counters,
  type Replayed,
  Replica,
  type ReplicaDriver as ReplicaDriverPort,
  type ReplicaOptions,
  type ReplicaReport,
  type ServerView,
  type SessionsView,
  type WatchesView,
} from '@quorate/replica'
import type { SnapshotImage, Tree } from '@quorate/tree'
import type { ClientPortHandler } from './client-port/client-port.ts'
import type { SocketLink } from './client-port/socket-link.ts'
import { DigestHistory } from './digest-history.ts'
import type { ServerMode } from './four-letter-words/inspected-server.ts'
import { monotonicMs } from './monotonic-ms.ts'
import type { InspectedReplica } from './server-inspection.ts'
import type { LogSink } from './server-log.ts'

export interface ReplicaDriverOptions {
  readonly replica: ReplicaOptions
  readonly tree: Tree
  /** What recovery replayed into the tree. */
  readonly replayed?: Replayed
  /** The log takes nothing: only reads are served. */
  readonly isDiskless?: boolean
  readonly txnLog: TxnLog
  readonly log: LogSink
  /** Writes the image and calls `ended`. */
  readonly takeSnapshot: (image: SnapshotImage, ended: () => void) => void
  readonly answerWord: ClientPortHandler<ClientConnection>['answer']
  /** The log can no longer be written. */
  readonly failed: (error: Error) => void
}

export class ReplicaDriver
  implements ReplicaDriverPort, ClientPortHandler<ClientConnection>, InspectedReplica
{
  readonly mode: ServerMode
  readonly replica: Replica
  readonly digests: DigestHistory = new DigestHistory()
  readonly #options: ReplicaDriverOptions
  #isTurnEndDue = false
  #isSyncing = false
  #isStopped = false
  #hasFailed = false
  #idle: (() => void) | undefined

  constructor(options: ReplicaDriverOptions) {
    this.#options = options
    const { isDiskless = false } = options
    this.mode = isDiskless ? 'read-only' : 'standalone'
    const clock = { monotonicMs: monotonicMs(), wallMs: Date.now() }
    this.replica = new Replica(options.replica, this, options.tree, {
      ...clock,
      ...options.replayed,
      isDiskless,
    })
  }

  // What the replica asks for.

  append(zxid: Zxid, txn: Uint8Array): void {
    if (this.#options.replica.digestEnabled) this.digests.record(zxid, txn, 0, txn.length)
    try {
      this.#options.txnLog.append(zxid, txn)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  sync(upTo: Zxid): void {
    if (this.#hasFailed) return
    this.#isSyncing = true
    this.#options.txnLog.sync((error) => {
      this.#isSyncing = false
      if (error !== undefined || this.#hasFailed) {
        if (error !== undefined) this.#fail(error)
        return
      }
      this.#advanceClock()
      this.replica.synced(upTo)
      this.#tellWhenIdle()
    })
  }

  requestTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    setImmediate(() => {
      this.#isTurnEndDue = false
      if (this.#hasFailed) return
      this.#advanceClock()
      this.replica.turnEnded()
      this.#tellWhenIdle()
    })
  }

  takeSnapshot(image: SnapshotImage): void {
    this.#options.txnLog.roll()
    this.#options.takeSnapshot(image, () => this.replica.snapshotEnded())
  }

  report(report: ReplicaReport): void
  report(level: 'info' | 'warn', code: string, message: string): void
  report(report: ReplicaReport | 'info' | 'warn', code = '', message = ''): void {
    this.#options.log.write(typeof report === 'object' ? report : { level: report, code, message })
  }

  // What happens.

  connected(link: SocketLink<ClientConnection>): ClientConnection {
    this.#advanceClock()
    return this.replica.connected(link)
  }

  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isStopped) return
    this.#advanceClock()
    this.replica.received(connection, bytes, start, end)
  }

  drained(connection: ClientConnection): void {
    this.#advanceClock()
    this.replica.drained(connection)
  }

  disconnected(connection: ClientConnection): void {
    this.#advanceClock()
    this.replica.disconnected(connection)
  }

  ticked(): void {
    if (this.#isStopped) return
    this.#advanceClock()
    this.replica.ticked()
  }

  hasSession(connection: ClientConnection): boolean {
    return connection.sessionId !== 0n
  }

  answer(...request: Parameters<ClientPortHandler<ClientConnection>['answer']>): string {
    this.#advanceClock()
    return this.#options.answerWord(...request)
  }

  get isServing(): boolean {
    return !this.#isStopped && !this.#hasFailed
  }

  // What it shows.

  view(): ServerView {
    return this.replica.view()
  }

  sessionsView(): SessionsView {
    return this.replica.sessionsView()
  }

  watchesView(): WatchesView {
    return this.replica.watchesView()
  }

  counters(): Counters {
    return {
      ...this.replica.counters(),
      serving_without_disk: this.#options.isDiskless === true ? 1 : 0,
    }
  }

  resetStats(): void {
    this.replica.resetStats()
  }

  /** Takes no more input; resolves when what was under way is durable and answered. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#isIdle) return
    await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  get #isIdle(): boolean {
    return this.#hasFailed || (!this.#isSyncing && !this.#isTurnEndDue)
  }

  #tellWhenIdle(): void {
    if (this.#isStopped && this.#isIdle) this.#idle?.()
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#idle?.()
    this.#options.failed(error)
  }

  #advanceClock(): void {
    this.replica.advanceClock(monotonicMs(), Date.now())
  }
}
