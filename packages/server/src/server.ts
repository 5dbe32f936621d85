/**
 * One running server: lock, recovery, replica and client port, put together in that order and taken apart in the other.
 */
import { TxnLog, versionDirectory } from '@quorate/log'
import type { ClientConnection } from '@quorate/replica'
import { ClientPort } from './client-port/client-port.ts'
import type { ServerConfig } from './config/server-config.ts'
import type { Releasable } from './data-lock.ts'
import { ExitCode } from './exit-code.ts'
import { answerWord } from './four-letter-words/answer.ts'
import type { ServerMode } from './four-letter-words/inspected-server.ts'
import { type Machine, thisMachine } from './machine.ts'
import { nativePlatform } from './native-platform.ts'
import { RateLimitedLog } from './rate-limited-log.ts'
import { type RecoveredTree, recoverTree } from './recovered-tree.ts'
import { monotonicMs } from './monotonic-ms.ts'
import { ReplicaDriver } from './replica-driver.ts'
import type { RunningServer } from './running-server.ts'
import { ServerError } from './server-error.ts'
import { ServerInspection } from './server-inspection.ts'
import type { LogSink } from './server-log.ts'
import { ServerMeters } from './server-meters.ts'
import { ServerReports } from './server-reports.ts'
import { clientPortOptionsOf, replicaOptionsOf } from './server-options.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import { SyncPolicy } from './sync-policy.ts'
import { Ticker } from './ticker.ts'

export interface ServerOptions {
  readonly config: ServerConfig
  readonly log: LogSink
  /** Default: this one. */
  readonly machine?: Machine
  /** Who starts it has locked its directories. Default false: it does so itself. */
  readonly isLocked?: boolean
  /** The disk takes nothing: it is only read, and so is the server. */
  readonly isDiskless?: boolean
}

/** What a server is made on. */
interface Ground {
  readonly machine: Machine
  /** Undefined: the directories are locked by somebody else. */
  readonly lock: Releasable | undefined
  readonly isDiskless: boolean
  readonly log: LogSink
  readonly meters: ServerMeters
  readonly reports: ServerReports
  readonly recovered: RecoveredTree
}

export class Server implements RunningServer {
  /** Resolves when the server has to stop by itself; it does so then. */
  readonly failure: Promise<ServerError>
  readonly #config: ServerConfig
  readonly #log: LogSink
  readonly #lock: Releasable | undefined
  readonly #reports: ServerReports
  readonly #txnLog: TxnLog
  readonly #driver: ReplicaDriver
  readonly #clientPort: ClientPort<ClientConnection>
  readonly #snapshots: SnapshotKeeper
  #bound = { address: '', port: 0 }
  #ticker: Ticker | undefined
  #stopping: Promise<void> | undefined
  #reportFailure: (error: ServerError) => void = () => {}

  /**
   * Starts to serve.
   * @throws ServerError; nothing is left running or locked then
   */
  static async start(options: ServerOptions): Promise<Server> {
    const { config, machine = thisMachine, isLocked = false, isDiskless = false } = options
    const lock = isLocked ? undefined : machine.lock(config)
    const meters = new ServerMeters(monotonicMs())
    const log = new RateLimitedLog(options.log, monotonicMs)
    const reports = new ServerReports({ log, meters, fsyncWarningMs: config.fsyncWarningMs })
    let server: Server | undefined
    try {
      const ground = { machine, isDiskless, meters, reports }
      const recovered = await recover({ ...ground, config, log: options.log })
      server = new Server(config, { ...ground, lock, log, recovered })
      await server.#open()
      return server
    } catch (error) {
      if (server === undefined) lock?.release()
      else await server.stop()
      throw error
    }
  }

  private constructor(config: ServerConfig, ground: Ground) {
    const { machine, lock, isDiskless, log, meters, reports, recovered } = ground
    this.#config = config
    this.#log = log
    this.#reports = reports
    this.#lock = lock
    this.failure = new Promise((resolve) => (this.#reportFailure = resolve))
    const policy = new SyncPolicy(() => this.#clientPort.connectionCount)
    const disk = machine.openDisk({
      chooseSyncMode: () => policy.choose(),
      onSynced: (durationMs) => {
        policy.recordSync(durationMs)
        reports.synced(durationMs)
      },
    })
    this.#txnLog = new TxnLog(disk, versionDirectory(config.dataLogDir), {
      platform: nativePlatform,
      preallocateBytes: config.preAllocBytes,
      fileSizeMax: config.txnLogSizeLimitBytes,
      isSyncForced: config.forceSync,
    })
    this.#snapshots = new SnapshotKeeper({ config, machine, log, meters })
    this.#driver = new ReplicaDriver({
      replica: {
        ...replicaOptionsOf(config),
        admitSession: (attempt) => this.#clientPort.admitSession(attempt),
      },
      tree: recovered.tree,
      replayed: recovered.recovery,
      isDiskless,
      txnLog: this.#txnLog,
      log: this.#log,
      takeSnapshot: (image, ended) => this.#snapshots.take(image, ended),
      answerWord: (word, argument) =>
        answerWord(word, argument, inspection, config.fourLetterWords),
      failed: (error) => this.#fail(error),
    })
    this.#clientPort = new ClientPort(clientPortOptionsOf(config), this.#driver)
    const inspection = new ServerInspection({
      config,
      meters,
      disk,
      // As a standalone server of Apache's.
      serverId: 0,
      replica: this.#driver,
      digests: this.#driver.digests,
      port: this.#clientPort,
      clientPortNumber: () => this.port,
    })
  }

  /** The address the client port is bound to. */
  get address(): string {
    return this.#bound.address
  }

  get port(): number {
    return this.#bound.port
  }

  /** See {@link RunningServer.mode}. */
  get mode(): ServerMode | undefined {
    return this.#driver.isServing ? this.#driver.mode : undefined
  }

  async #open(): Promise<void> {
    this.#bound = await this.#clientPort.listen()
    this.#snapshots.startPurging()
    this.#ticker = new Ticker({
      intervalMs: Math.max(1, Math.floor(this.#config.tickTimeMs / 2)),
      ticked: () => {
        this.#driver.ticked()
        this.#clientPort.sweep(performance.now())
      },
      stalled: (lateMs) => this.#reports.stalled(lateMs),
    })
  }

  #fail(cause: Error): void {
    const message = `the log cannot be written: ${cause.message}; nothing more is acknowledged`
    const error = new ServerError('LOG_WRITE_FAILED', ExitCode.unexpectedError, message, { cause })
    this.#log.write({ level: 'fatal', code: error.code, message })
    this.#reportFailure(error)
    void this.stop()
  }

  /** Accepts no more, finishes what is under way, and closes everything. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#takeApart()
    await this.#stopping
  }

  /** See {@link RunningServer.halt}. */
  async halt(): Promise<void> {
    this.#clientPort.stopAccepting()
    this.#clientPort.destroyAll()
    await this.stop()
  }

  async #takeApart(): Promise<void> {
    this.#ticker?.stop()
    this.#clientPort.stopAccepting()
    await this.#driver.stop()
    this.#snapshots.stop()
    await this.#clientPort.closeAll()
    // A log that failed says so again here; it was reported when it did.
    await new Promise<void>((resolve) => this.#txnLog.close(() => resolve()))
    this.#lock?.release()
  }
}

async function recover(
  parts: Omit<Ground, 'lock' | 'recovered'> & { readonly config: ServerConfig },
): Promise<RecoveredTree> {
  const { config, machine, log, meters, reports } = parts
  const startedAtMs = performance.now()
  const disk = machine.openDisk({ chooseSyncMode: () => 'blocking' })
  const { tree, recovery } = await recoverTree(config, disk, {
    digestMismatched: (mismatch) => reports.digestMismatched(mismatch),
    softQuotaExceeded: (excess) => reports.softQuotaExceeded(excess),
  })
  meters.recoveryMs = Math.round(performance.now() - startedAtMs)
  for (const report of recovery.reports) {
    const code = report.type === 'tailCut' ? 'LOG_TAIL_CUT' : 'SNAPSHOT_SKIPPED'
    log.write({
      level: 'warn',
      code,
      message: `${report.file}: ${report.reason}`,
      fields: { offset: report.offset },
    })
  }
  const { lastZxid, replayedCount } = recovery
  reports.recovered(config.dataDir, { lastZxid, replayedCount })
  return { tree, recovery }
}
