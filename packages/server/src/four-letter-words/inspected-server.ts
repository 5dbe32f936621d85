/** What the four-letter words need to know of the server they speak of. */
import type { Zxid } from '@quorate/protocol'
import type { ConnectionView, ServerView, SessionsView, WatchesView } from '@quorate/replica'

/** A connection of the client port, whether it has a session or not. */
export interface ListedConnection {
  readonly view: ConnectionView
  /** As Java's selector has it: 1 while it is read from, 4 while something waits to be written. */
  readonly interestOps: number
}

/** The lines of `conf`. */
export interface ConfigurationView {
  readonly clientPort: number
  readonly dataDir: string
  readonly dataLogDir: string
  readonly tickTimeMs: number
  readonly maxClientCnxns: number
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  readonly listenBacklog: number
  readonly serverId: number
}

export interface DirectorySizes {
  readonly dataDirBytes: number
  readonly dataLogDirBytes: number
}

/** As "Mode:" shows it. */
export type ServerMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only'

export interface InspectedServer {
  /** As "Zookeeper version:" shows it. */
  readonly version: string
  readonly mode: ServerMode
  /** False while it starts, stops, or cannot write its log. */
  readonly isServing: boolean
  readonly configuration: ConfigurationView
  readonly connectionCount: number
  /** The trace mask of `gtmk` and `stmk`, which nothing else reads. */
  traceMask: bigint
  monotonicMs(): number
  wallMs(): number
  view(): ServerView
  sessions(): SessionsView
  watches(): WatchesView
  connections(): Iterable<ListedConnection>
  directorySizes(): DirectorySizes
  /** The tree's digest at some zxids, oldest first; the digest as a signed 64-bit number. */
  digests(): Iterable<readonly [zxid: Zxid, digest: bigint]>
  /** Further lines of `mntr`: names without `zk_`, values as they are printed. */
  metrics(): Iterable<readonly [name: string, value: string]>
  /** Lines of `envi`: names and values. */
  environment(): Iterable<readonly [name: string, value: string]>
  resetServerStats(): void
}
