/** Shows the running server to the four-letter words. */
import { resolve } from 'node:path'
import { type Disk, directorySizes, versionDirectory } from '@quorate/log'
import type { SessionId, Zxid } from '@quorate/protocol'
import type {
  ClientConnection,
  ConnectionView,
  Counters,
  LatencyView,
  ServerView,
  SessionsView,
  WatchesView,
} from '@quorate/replica'
import type { ClientPort } from './client-port/client-port.ts'
import type { SocketLink } from './client-port/socket-link.ts'
import type { ServerConfig } from './config/server-config.ts'
import type { DigestHistory } from './digest-history.ts'
import { descriptorCounts, environmentLines } from './environment.ts'
import type {
  ConfigurationView,
  DirectorySizes,
  EnsembleView,
  InspectedServer,
  ListedConnection,
  ServerMode,
} from './four-letter-words/inspected-server.ts'
import { javaAverage } from './four-letter-words/java-text.ts'
import { monotonicMs } from './monotonic-ms.ts'
import type { ServerMeters } from './server-meters.ts'
import { serverVersion } from './server-version.ts'
import type { Summary } from './summary.ts'

/** What is shown of the replica: it serves alone, or is a member of an ensemble. */
export interface InspectedReplica {
  readonly isServing: boolean
  readonly mode: ServerMode
  /** Of a member of an ensemble. */
  readonly ensemble?: EnsembleView
  view(): ServerView
  /** Asked for only while it serves, like the next. */
  sessionsView(): SessionsView
  watchesView(): WatchesView
  counters(): Counters
  resetStats(): void
}

export interface InspectionSources {
  readonly config: ServerConfig
  readonly serverId: number
  readonly clientPortNumber: () => number
  readonly replica: InspectedReplica
  readonly digests: DigestHistory
  readonly port: ClientPort<ClientConnection>
  readonly disk: Disk
  readonly meters: ServerMeters
}

export class ServerInspection implements InspectedServer {
  readonly version: string = serverVersion()
  traceMask = 306n
  readonly #sources: InspectionSources

  constructor(sources: InspectionSources) {
    this.#sources = sources
  }

  get mode(): ServerMode {
    return this.#sources.replica.mode
  }

  get isServing(): boolean {
    return this.#sources.replica.isServing
  }

  get configuration(): ConfigurationView {
    const { config, clientPortNumber, serverId } = this.#sources
    return {
      clientPort: clientPortNumber(),
      dataDir: resolve(versionDirectory(config.dataDir)),
      dataLogDir: resolve(versionDirectory(config.dataLogDir)),
      tickTimeMs: config.tickTimeMs,
      maxClientCnxns: config.maxClientCnxns,
      minSessionTimeoutMs: config.minSessionTimeoutMs,
      maxSessionTimeoutMs: config.maxSessionTimeoutMs,
      listenBacklog: config.listenBacklog,
      serverId,
    }
  }

  get ensemble(): EnsembleView | undefined {
    return this.#sources.replica.ensemble
  }

  get connectionCount(): number {
    return this.#sources.port.connectionCount
  }

  monotonicMs(): number {
    return monotonicMs()
  }

  wallMs(): number {
    return Date.now()
  }

  view(): ServerView {
    return this.#sources.replica.view()
  }

  sessions(): SessionsView {
    return this.#sources.replica.sessionsView()
  }

  watches(): WatchesView {
    return this.#sources.replica.watchesView()
  }

  *connections(): Iterable<ListedConnection> {
    const { port, config } = this.#sources
    for (const link of port.links()) {
      const view = link.connection ?? sessionlessView(link, config.sessionlessTimeoutMs)
      yield { view, interestOps: (link.isReading ? 1 : 0) | (link.queuedBytes > 0 ? 4 : 0) }
    }
  }

  directorySizes(): DirectorySizes {
    const { disk, config } = this.#sources
    const directories = {
      data: versionDirectory(config.dataDir),
      log: versionDirectory(config.dataLogDir),
    }
    const { dataBytes, logBytes } = directorySizes(disk, directories)
    // With one directory for both, Apache counts everything in it twice.
    if (directories.data !== directories.log)
      return { dataDirBytes: dataBytes, dataLogDirBytes: logBytes }
    return { dataDirBytes: dataBytes + logBytes, dataLogDirBytes: dataBytes + logBytes }
  }

  digests(): Iterable<readonly [Zxid, bigint]> {
    return this.#sources.digests.entries()
  }

  environment(): Iterable<readonly [string, string]> {
    return environmentLines(this.version)
  }

  resetServerStats(): void {
    this.#sources.replica.resetStats()
  }

  *metrics(): Iterable<readonly [string, string]> {
    const { port, meters, replica } = this.#sources
    yield ['uptime', String(monotonicMs() - meters.startedAtMs)]
    const descriptors = descriptorCounts()
    if (descriptors !== undefined) {
      yield ['open_file_descriptor_count', String(descriptors.open)]
      yield ['max_file_descriptor_count', String(descriptors.max)]
    }
    yield ['bytes_received_count', String(port.receivedBytes)]
    yield ['connection_rejected', String(port.rejectedCount)]
    yield ['sessionless_connections_expired', String(port.sessionlessExpiredCount)]
    // There is no TLS yet, so none is under way.
    yield ['outstanding_tls_handshake', '0']
    yield ['snap_count', String(meters.snapshotTime.count)]
    yield ['digest_mismatches_count', String(meters.digestMismatchCount)]
    for (const [name, value] of Object.entries(replica.counters())) yield [name, String(value)]
    yield* summaryLines('fsynctime', meters.syncTime)
    yield* summaryLines('snapshottime', meters.snapshotTime)
    yield ['startup_load_time', String(meters.recoveryMs)]
  }
}

function* summaryLines(name: string, summary: Summary): Iterable<readonly [string, string]> {
  yield [`avg_${name}`, javaAverage(summary.average)]
  yield [`min_${name}`, String(Math.round(summary.min))]
  yield [`max_${name}`, String(Math.round(summary.max))]
  yield [`cnt_${name}`, String(summary.count)]
  yield [`sum_${name}`, String(Math.round(summary.sum))]
}

const noLatency: LatencyView = { minMs: 0, averageMs: 0, maxMs: 0, count: 0 }

/** A connection that the replica has not heard of: it has sent too little, or a four-letter word. */
function sessionlessView(link: SocketLink<ClientConnection>, timeoutMs: number): ConnectionView {
  return {
    remoteAddress: link.remoteAddress,
    remotePort: link.remotePort,
    sessionId: 0n as SessionId,
    sessionTimeoutMs: timeoutMs,
    establishedAtMs: Math.floor(link.acceptedAtMs),
    outstandingCount: 0,
    receivedCount: link.isWord ? 1 : 0,
    sentCount: 0,
    lastOperation: undefined,
    lastCxid: -1,
    lastZxid: 0,
    lastResponseAtMs: 0,
    lastLatencyMs: 0,
    latency: noLatency,
    isReading: link.isReading,
    resetStats() {
      // It has counted nothing yet.
    },
  }
}
