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

/** What is shown of a member of an ensemble only. */
export interface EnsembleView {
  /** Ticks. */
  readonly initLimit: number
  readonly syncLimit: number
  /** Of this server in the membership in force; one for each of its addresses. */
  readonly electionPorts: readonly number[]
  readonly quorumPorts: readonly number[]
  readonly isObserver: boolean
  /** In force, with its version. */
  readonly membershipText: string
  /** The number of voters in it. */
  readonly voterCount: number
  /** What the server does, as `mntr` names it: `following - broadcast`. */
  readonly peerState: string
  /** While it leads. */
  readonly leading: LeadingView | undefined
  /** While it observes: who serves it, the leader or a follower in its place. */
  readonly observerMasterId: number | undefined
  /** While it follows, and may serve observers. */
  readonly servedObserverCount: number | undefined
}

export interface LeadingView {
  /** Learners that are connected, in step or not. */
  readonly learnerCount: number
  /** Followers that get what is proposed, voters or not. */
  readonly followerCount: number
  /** Those of them that have no vote. */
  readonly nonVoterCount: number
  readonly observerCount: number
  /** Answers to `sync` that wait for a transaction. */
  readonly pendingSyncCount: number
  readonly leadingForMs: number
  /** Bytes of proposals since the statistics were reset; -1: there was none. */
  readonly proposalBytes: { readonly last: number; readonly min: number; readonly max: number }
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
  /** Undefined for a server that runs standalone. */
  readonly ensemble: EnsembleView | undefined
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
