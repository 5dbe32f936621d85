/**
 * One running member of an ensemble: membership, peer ports, client port, member, put together in that order and taken apart in the
 * other. Who starts it has locked its directories.
 */
import type { Member, MembershipStore, Role } from '@quorate/consensus'
import type { Disk } from '@quorate/log'
import { ClientConnection, EnsembleMember, type EnsembleMemberOptions } from '@quorate/replica'
import { ClientPort } from '../client-port/client-port.ts'
import type { EnsembleConfig } from '../config/ensemble-config.ts'
import type { ServerConfig } from '../config/server-config.ts'
import { DigestHistory } from '../digest-history.ts'
import { ExitCode } from '../exit-code.ts'
import { answerWord } from '../four-letter-words/answer.ts'
import type { ServerMode } from '../four-letter-words/inspected-server.ts'
import { FileMembershipStore } from '../membership-store/file-membership-store.ts'
import { monotonicMs } from '../monotonic-ms.ts'
import { type Machine, thisMachine } from '../machine.ts'
import { nativeDecompressor } from '../native-gzip.ts'
import { nativePlatform } from '../native-platform.ts'
import { PeerPort } from '../peer-ports/peer-port.ts'
import { PeerSockets } from '../peer-ports/peer-sockets.ts'
import { RateLimitedLog } from '../rate-limited-log.ts'
import { ServerError } from '../server-error.ts'
import { ServerInspection } from '../server-inspection.ts'
import type { LogSink } from '../server-log.ts'
import { ServerMeters } from '../server-meters.ts'
import { ServerReports } from '../server-reports.ts'
import { clientPortOptionsOf, replicaOptionsOf } from '../server-options.ts'
import { SnapshotKeeper } from '../snapshot-keeper.ts'
import { Ticker } from '../ticker.ts'
import { AnnouncedMemberships } from './announced-memberships.ts'
import { EnsembleDriver } from './ensemble-driver.ts'
import { InspectedMember } from './inspected-member.ts'
import { ObservedHistory } from './observed-history.ts'
import { OwnPorts } from './own-ports.ts'
import { ProposalSizes } from './proposal-sizes.ts'

export interface EnsembleServerOptions {
  readonly config: ServerConfig
  readonly ensemble: EnsembleConfig
  readonly log: LogSink
  /** Default: this one. */
  readonly machine?: Machine
  /** The disk takes nothing: it is only read, and the member observes from memory. */
  readonly isDiskless?: boolean
}

/** Silence on a connection between servers after which the system asks whether the peer is there. */
const keepAliveDelayMs = 10_000
/** Between two attempts to bind an address that could not be bound at first. */
const lateBindIntervalMs = 5_000
/** How long a peer of the election may take to say who it is. */
const electionHandshakeTimeoutMs = 5_000

export class EnsembleServer {
  /** Resolves when the server has to stop by itself; it does so then. */
  readonly failure: Promise<ServerError>
  readonly #config: ServerConfig
  readonly #ensemble: EnsembleConfig
  readonly #machine: Machine
  readonly #isDiskless: boolean
  readonly #log: LogSink
  readonly #meters: ServerMeters = new ServerMeters(monotonicMs())
  readonly #reports: ServerReports
  readonly #memberships: MembershipStore
  readonly #sockets = new PeerSockets({ keepAliveDelayMs })
  readonly #digests = new DigestHistory()
  readonly #proposalSizes = new ProposalSizes()
  readonly #disk: Disk
  readonly #snapshots: SnapshotKeeper
  readonly #driver: EnsembleDriver
  readonly #clientPort: ClientPort<ClientConnection>
  readonly #ports: OwnPorts
  #ticker: Ticker | undefined
  #stopping: Promise<void> | undefined
  #hasFailed = false
  #reportFailure: (error: ServerError) => void = () => {}

  /**
   * Opens the ports, recovers, and looks for a leader.
   * @throws ServerError; nothing is left running then
   */
  static async start(options: EnsembleServerOptions): Promise<EnsembleServer> {
    const { ensemble, log, machine = thisMachine } = options
    let server: EnsembleServer | undefined
    try {
      const memberships = FileMembershipStore.open(
        ensemble.membershipFiles,
        (line) => log.write(line),
        machine.configurationDisk,
      )
      server = new EnsembleServer(options, memberships)
      await server.#open()
      return server
    } catch (error) {
      await server?.stop()
      throw error
    }
  }

  private constructor(
    { config, ensemble, log, machine = thisMachine, isDiskless = false }: EnsembleServerOptions,
    memberships: MembershipStore,
  ) {
    this.#config = config
    this.#ensemble = ensemble
    this.#machine = machine
    this.#isDiskless = isDiskless
    this.#log = new RateLimitedLog(log, monotonicMs)
    this.#reports = new ServerReports({
      log: this.#log,
      meters: this.#meters,
      fsyncWarningMs: config.fsyncWarningMs,
    })
    this.#memberships = new AnnouncedMemberships(memberships, () => this.#ports.follow(this.#own))
    this.failure = new Promise((resolve) => (this.#reportFailure = resolve))
    // Pings and the hand-over of leadership go on while the disk works: no sync ever holds the loop.
    this.#disk = machine.openDisk({
      chooseSyncMode: () => 'threaded',
      onSynced: (durationMs) => this.#reports.synced(durationMs),
    })
    this.#snapshots = new SnapshotKeeper({
      config,
      machine,
      log: this.#log,
      meters: this.#meters,
    })
    this.#driver = this.#newDriver()
    this.#clientPort = new ClientPort(clientPortOptionsOf(config), this.#driver)
    this.#ports = new OwnPorts({
      election: this.#peerPort('election', (link) => this.#driver.member.electionConnected(link)),
      quorum: this.#peerPort('quorum', (link) => this.#driver.learnerConnected(link)),
      observerMaster: this.#peerPort('observer master', (link) =>
        this.#driver.member.observerConnected(link),
      ),
      observerMasterPort: ensemble.observerMasterPort,
      client: this.#clientPort,
      moved: ({ address, port }) =>
        this.#log.write({
          level: 'info',
          code: 'PORTS_MOVED',
          message: `the ports are where the membership says now; clients connect to ${address}:${port}`,
        }),
      moveFailed: ({ message }) =>
        this.#log.write({ level: 'error', code: 'PORT_MOVE_FAILED', message }),
    })
  }

  /** The address the client port is bound to. */
  get address(): string {
    return this.#ports.bound.address
  }

  get port(): number {
    return this.#ports.bound.port
  }

  /** See {@link RunningServer.mode}. */
  get mode(): ServerMode | undefined {
    return this.#driver.isServing ? this.#inspection.mode : undefined
  }

  /** This server as the membership in force has it. */
  get #own(): Member | undefined {
    return this.#memberships.committed.memberById.get(this.#ensemble.serverId)
  }

  #newDriver(): EnsembleDriver {
    const { dataDir, dataLogDir, digestEnabled, fourLetterWords } = this.#config
    return new EnsembleDriver({
      disk: this.#disk,
      dataDirectory: dataDir,
      logDirectory: dataLogDir,
      memberships: this.#memberships,
      sockets: this.#sockets,
      machine: this.#machine,
      observerMasterPort: this.#ensemble.observerMasterPort,
      connectTimeoutMs: this.#ensemble.connectTimeoutMs,
      leaderServes: this.#ensemble.leaderServes,
      log: this.#log,
      historyObserver: new ObservedHistory({
        digests: digestEnabled ? this.#digests : undefined,
        proposalSizes: this.#proposalSizes,
        isLeading: () => this.#driver.member.state === 'leading',
      }),
      writeSnapshot: (image, ended) => this.#snapshots.take(image, ended),
      abortSnapshot: () => this.#snapshots.abort(),
      answerWord: (word, argument) => answerWord(word, argument, this.#inspection, fourLetterWords),
      termStarted: (role, epoch, leaderId) => this.#reportTerm(role, epoch, leaderId),
      createMember: (driver) => new EnsembleMember(this.#memberOptions(), driver),
      failed: (error) => this.#fail(error),
    })
  }

  get #inspection(): ServerInspection {
    return (this.#lazyInspection ??= new ServerInspection({
      config: this.#config,
      serverId: this.#ensemble.serverId,
      meters: this.#meters,
      disk: this.#disk,
      digests: this.#digests,
      replica: new InspectedMember({
        driver: this.#driver,
        ensemble: this.#ensemble,
        memberships: this.#memberships,
        proposalSizes: this.#proposalSizes,
        isDiskless: this.#isDiskless,
      }),
      port: this.#clientPort,
      clientPortNumber: () => this.port,
    }))
  }
  #lazyInspection: ServerInspection | undefined

  #memberOptions(): EnsembleMemberOptions {
    const { serverId, zab, isReadOnlyModeEnabled, ...sessions } = this.#ensemble
    const config = this.#config
    return {
      replica: {
        ...replicaOptionsOf(config),
        serverId,
        localSessionsEnabled: sessions.localSessionsEnabled,
        localSessionsUpgradingEnabled: sessions.localSessionsUpgradingEnabled,
        admitSession: (attempt) => this.#clientPort.admitSession(attempt),
      },
      zab: { ...zab, serverId, tickTimeMs: config.tickTimeMs, isDiskless: this.#isDiskless },
      electionHandshakeTimeoutMs,
      saysAllAddresses: this.#ensemble.isMultiAddressEnabled,
      isReadOnlyModeEnabled,
      history: {
        treeOptions: {
          platform: nativePlatform,
          extendedTypesEnabled: config.extendedTypesEnabled,
          digestMismatched: (mismatch) => this.#reports.digestMismatched(mismatch),
          softQuotaExceeded: (excess) => this.#reports.softQuotaExceeded(excess),
        },
        logOptions: {
          preallocateBytes: config.preAllocBytes,
          fileSizeMax: config.txnLogSizeLimitBytes,
          isSyncForced: config.forceSync,
        },
        snapshotOptions: {
          writesDigest: config.digestEnabled,
          writesLastZxid: config.snapshotsHaveLastZxid,
        },
        decompressor: nativeDecompressor,
        trustsEmptySnapshot: config.trustsEmptySnapshot,
      },
    }
  }

  #peerPort(
    name: ConstructorParameters<typeof PeerPort>[0]['name'],
    accepted: ConstructorParameters<typeof PeerPort>[0]['accepted'],
  ): PeerPort {
    const { listensOnAllIps, electionPortBindRetry } = this.#ensemble
    return new PeerPort({
      name,
      listensOnAllIps,
      bindAttemptsMax: electionPortBindRetry,
      lateBindIntervalMs,
      sockets: this.#sockets,
      enter: this.#driver.enter,
      accepted,
      acceptFailed: (reason) =>
        this.#log.write({
          level: 'warn',
          code: 'PEER_ACCEPT_FAILED',
          message: `a connection to the ${name} port could not be accepted: ${reason}; the limit of open files (ulimit -n) may be reached`,
        }),
      addressUnavailable: ({ message }) =>
        this.#log.write({ level: 'error', code: 'PEER_ADDRESS_UNAVAILABLE', message }),
      addressOpened: (where) =>
        this.#log.write({
          level: 'info',
          code: 'PEER_ADDRESS_OPENED',
          message: `the ${name} port ${where} is open now`,
        }),
    })
  }

  async #open(): Promise<void> {
    await this.#ports.open(this.#own)
    const startedAtMs = performance.now()
    await new Promise<void>((resolve, reject) => {
      void this.failure.then(reject)
      this.#driver.member.start(resolve)
    })
    this.#meters.recoveryMs = Math.round(performance.now() - startedAtMs)
    const { lastZxid } = this.#driver.member
    this.#reports.recovered(this.#config.dataDir, { lastZxid })
    if (!this.#isDiskless) this.#snapshots.startPurging()
    this.#ticker = new Ticker({
      intervalMs: Math.max(1, Math.floor(this.#config.tickTimeMs / 2)),
      ticked: () => {
        this.#driver.ticked()
        this.#clientPort.sweep(performance.now())
      },
      stalled: (lateMs) => this.#reports.stalled(lateMs),
    })
  }

  #reportTerm(role: Role, epoch: number, leaderId: number): void {
    const { serverId } = this.#ensemble
    const whom = leaderId === serverId ? '' : ` server ${leaderId}`
    this.#log.write({
      level: 'info',
      code: 'TERM_STARTED',
      message: `server ${serverId} is ${role}${whom} in epoch ${epoch}`,
      fields: { role, epoch, leaderId },
    })
  }

  #fail(cause: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    const message = `the history cannot be kept: ${cause.message}; nothing more is acknowledged`
    const error = new ServerError('LOG_WRITE_FAILED', ExitCode.unexpectedError, message, { cause })
    this.#log.write({ level: 'fatal', code: error.code, message })
    this.#reportFailure(error)
    void this.stop()
  }

  /** Leaves the ensemble, and closes everything. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#takeApart()
    await this.#stopping
  }

  /** See {@link RunningServer.halt}. */
  async halt(): Promise<void> {
    this.#ports.close()
    this.#clientPort.destroyAll()
    this.#sockets.destroyAll()
    await this.stop()
  }

  async #takeApart(): Promise<void> {
    this.#ticker?.stop()
    this.#ports.close()
    await this.#driver.stop()
    this.#snapshots.stop()
    await this.#clientPort.closeAll()
    await this.#sockets.closeAll()
  }
}
