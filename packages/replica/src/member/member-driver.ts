/**
 * What one member of an ensemble asks of the driver that hosts it. The driver enters the member by one call at a time; the
 * completions of its disk are such calls too.
 */
import type {
  Appointment,
  DialListener,
  Dialling,
  HostPort,
  MembershipStore,
  Role,
} from '@quorate/consensus'
import type { Disk } from '@quorate/log'
import type { Zxid } from '@quorate/protocol'
import type { SnapshotImage, Tree } from '@quorate/tree'
import type { ReplicaReport } from '../driver-port.ts'

/** Told of every step of a member's history, for a driver that checks them. Bytes are valid during the call. */
export interface HistoryObserver {
  /** The transaction `bytes[start, end)` went to the end of the log. */
  appended(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void
  /** The tree was changed by it: on delivery, or, with `isReplay`, when the history was loaded. */
  applied(zxid: Zxid, bytes: Uint8Array, start: number, end: number, isReplay: boolean): void
  /** The log is durable up to this transaction. */
  synced(zxid: Zxid): void
  /**
   * The state in memory is a new one: found on disk at the start, cut by a TRUNC, or
   * received from a leader and durable (`replaced`), or received by a member whose disk takes nothing (`held`).
   */
  loaded(tree: Tree, cause: 'recovered' | 'truncated' | 'replaced' | 'held'): void
}

/** Told when the member comes to serve clients in a role, and when it no longer does. */
export interface TermObserver {
  termStarted(role: Role, epoch: number, leaderId: number): void
  termEnded(): void
}

export interface MemberDriver {
  readonly termObserver?: TermObserver | undefined
  readonly historyObserver?: HistoryObserver | undefined
  /** Whole ms on a clock that is not tied to the time of day. */
  readonly monotonicMs: number
  /** Ms since 1970. */
  readonly wallMs: number
  readonly disk: Disk
  /** dataDir and dataLogDir; their files are in the folder version-2. */
  readonly dataDirectory: string
  readonly logDirectory: string
  readonly memberships: MembershipStore
  /** Calls `run` after `delayMs`, behind all input that is there by then. */
  after(delayMs: number, run: () => void): Appointment
  /** Connects to a server's quorum port. */
  dialQuorum(serverId: number, listener: DialListener): Dialling
  /** Connects to a server's observer master port. Asked for only where there are such ports. */
  dialObserverMaster(serverId: number, listener: DialListener): Dialling
  /**
   * Connects to a server's election port. Such a connection may say nothing for days: the driver probes it (TCP keep-alive), so
   * that one whose peer has lost its power ends. What is sent into such a connection meanwhile is the engine's affair.
   * @param addresses where it says that it listens; empty: where the membership says so
   */
  dialElection(serverId: number, listener: DialListener, addresses: readonly HostPort[]): Dialling
  /** There is work for `EnsembleMember.turnEnded`: call it once when all input that is there has been handled. */
  requestTurnEnd(): void
  /** Writes the image to a snapshot file in slices, then calls `ended`. Asked for only while none is being written. */
  writeSnapshot(image: SnapshotImage, ended: () => void): void
  /** Gives up the snapshot being written, if there is one; its `ended` is not called. */
  abortSnapshot(): void
  report(report: ReplicaReport): void
  /** The member cannot go on: the server has to stop. */
  failed(error: Error): void
}
