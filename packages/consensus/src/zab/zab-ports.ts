/** What the Zab engine asks of the world. A driver implements it; the simulator is one. */
import type { JuteWriter, Notification, Zxid } from '@quorate/protocol'
import type { ConsensusHost, Proposal } from '../engine.ts'
import type { Appointment, Clock, DialListener, Dialling } from '../peer-link.ts'
import type { Membership } from '../quorum/membership.ts'

export type { Appointment, Clock }

/** The state at {@link zxid}, to be sent in slices while it goes on changing. */
export interface StateImage {
  readonly zxid: Zxid
  /** Appends the next part to the writer; returns whether there is more. */
  writeNext(writer: JuteWriter, lengthTarget: number): boolean
  /** The same of what stands behind it for servers of this kind alone, if anything does. */
  writeNextOfTail?(writer: JuteWriter, lengthTarget: number): boolean
  close(): void
}

/** Takes the stream of a SNAP. The state on disk is replaced when it is complete and durable, not before. */
export interface StateReceiver {
  /**
   * Takes `bytes[start, end)`.
   * @returns the offset behind the last byte of the stream when it is complete, else −1
   * @throws an Error when the bytes are no such stream
   */
  push(bytes: Uint8Array, start: number, end: number): number
  /** Bytes taken and not yet on disk: who hands them over waits when they become many, until {@link onDrained}. */
  readonly queuedBytes: number
  onDrained: (() => void) | undefined
  /** Makes the received state durable, puts it in the place of all history before it, and loads it; then calls `done`. */
  install(done: () => void): void
  /** The stream was cut: what was received is removed, and the state on disk stays as it was. */
  abort(): void
}

/** Transactions from the log on disk, one at a time. */
export interface ProposalReader {
  zxid: Zxid
  /** The current txn is `bytes[start, end)`, valid until the next {@link next}. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** False also where the log ends before its time: a hole, damage, a file that was purged. */
  next(): boolean
  close(): void
}

/**
 * The log, the epochs and the state behind them. A disk that fails is the end of the server: the driver is told, and `done` is never
 * called. Every `done` is an event of its own or comes before the call returns.
 */
export interface ZabHistory {
  /** Of the last transaction appended or loaded. */
  readonly lastZxid: Zxid
  readonly currentEpoch: number
  readonly acceptedEpoch: number
  /** Takes a copy of the transaction. */
  append(proposal: Proposal): void
  /** Makes all appended so far durable. One at a time. */
  sync(done: () => void): void
  /** Applies a transaction that is in the log to the state, outside of any term. */
  apply(proposal: Proposal): void
  /** Durable, name and all, when `done` is called. {@link currentEpoch} and its like change then. */
  writeEpoch(name: 'currentEpoch' | 'acceptedEpoch', epoch: number, done: () => void): void
  /**
   * Drops everything after `zxid` from the log, and loads the state anew.
   * @param done false: it can't be done, as the history doesn't hold that zxid or no snapshot is that old; nothing was changed
   */
  truncate(zxid: Zxid, done: (isDone: boolean) => void): void
  /** The transactions that the last load replayed, the newest ones, without a gap up to {@link lastZxid}. */
  readonly recent: readonly Proposal[]
  /** The text of the membership that is in the state: the last one that a transaction in this history put in place, if any did. */
  readonly membershipText: string | undefined
  /** Begins to take a state that the leader sends. */
  receiveState(zxid: Zxid): StateReceiver
  /** The present state's image, once no other one is open: `ready` may be called later. */
  openImage(ready: (image: StateImage) => void): Appointment
  /** The log from the first transaction after `after`, or undefined when it doesn't reach back that far without a hole. */
  readAfter(after: Zxid): ProposalReader | undefined
  /** Size of the newest snapshot file, and of the log files behind the one that holds the transaction after `after`. */
  sizesAfter(after: Zxid): { readonly snapshotBytes: number; readonly logBytes: number }
}

/** Where the membership is kept: the dynamic configuration file and its `.next`. */
export interface MembershipStore {
  /** In force. */
  readonly committed: Membership
  /** The last one proposed, in force or about to be. */
  readonly lastSeen: Membership
  setCommitted(membership: Membership): void
  setLastSeen(membership: Membership): void
}

/** The election's connections: one-slot queues to every peer. */
export interface ElectionTransport {
  /** Replaces what waits for the peer. Connects when there is no connection. */
  send(to: number, notification: Notification): void
  /** Tries to connect to every voter that there is no connection with. */
  connectAll(): void
  /** Whether the queue to at least one peer is empty: something was delivered. */
  readonly hasDelivered: boolean
  /** Closes all connections; sends after it make new ones. */
  restart(): void
}

/** A server that follows or observes this leader. */
export interface LearnerView {
  readonly serverId: number
  readonly isObserver: boolean
  /** Whether it gets what is proposed and committed. */
  readonly isFed: boolean
  readonly isVoter: boolean
}

export interface ZabReport {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Stable, in the manner of LEARNER_LEFT. */
  readonly code: string
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface ZabPorts {
  readonly clock: Clock
  readonly history: ZabHistory
  readonly memberships: MembershipStore
  readonly election: ElectionTransport
  readonly host: ConsensusHost
  /** Connects to a server's quorum port. */
  dial(serverId: number, listener: DialListener): Dialling
  /** Connects to a server's observer master port. */
  dialMaster(serverId: number, listener: DialListener): Dialling
  report(report: ZabReport): void
}

export interface ZabOptions {
  readonly serverId: number
  /** This server's disk takes nothing: see disklessIdOf for what it may do. */
  readonly isDiskless: boolean
  readonly tickTimeMs: number
  /** Ticks. */
  readonly initLimit: number
  readonly syncLimit: number
  /** A leader that pings steadily is given up when nothing was heard of it for so long; 0: only after syncLimit. */
  readonly silentLeaderLimit: number
  /**
   * A leader hands over when its own log has lacked for so long, in ms, what the others have made durable and it has committed; 0:
   * never.
   */
  readonly leaderDiskLagMs: number
  /** Committed transactions kept in memory for learners that come back, at least 500. */
  readonly commitLogCount: number
  /** Log on disk that may be sent instead of a snapshot, as a part of the snapshot's size; negative: none (`snapshotSizeFactor`). */
  readonly snapshotSizeFactor: number
  readonly forceSnapshotSync: boolean
  readonly reconfigEnabled: boolean
  readonly standaloneEnabled: boolean
  readonly minNotificationIntervalMs: number
  readonly maxNotificationIntervalMs: number
  readonly finalizeWaitMs: number
  /**
   * How long a leader may wait for its epoch before it gives up as soon as a voter that had elected it looks for a leader again;
   * negative: it goes on waiting, up to initLimit (`leader.maxTimeToWaitForEpoch`).
   */
  readonly maxTimeToWaitForEpochMs: number
  /** Whether followers serve observers in their leader's place, and observers let them (`observerMasterPort`). */
  readonly hasObserverMasters: boolean
  /** Observers of a fleet that dial the leader do so spread over this time (`observer.reconnectDelayMs`). */
  readonly observerReconnectDelayMs: number
  /** Observers of a fleet whose leader or master is lost look for a leader spread over this time (`observer.election.DelayMs`). */
  readonly observerElectionDelayMs: number
  /** Bytes that may wait for one learner before its connection is closed. */
  readonly learnerQueueBytesMax: number
  /** The last counter of an epoch that a transaction gets; smaller in tests of the roll-over. */
  readonly zxidCounterMax: number
}

export const zabDefaults: Omit<ZabOptions, 'serverId'> = {
  isDiskless: false,
  tickTimeMs: 2_000,
  initLimit: 10,
  syncLimit: 5,
  silentLeaderLimit: 2,
  leaderDiskLagMs: 2_000,
  commitLogCount: 500,
  snapshotSizeFactor: 0.33,
  forceSnapshotSync: false,
  reconfigEnabled: false,
  standaloneEnabled: true,
  minNotificationIntervalMs: 200,
  maxNotificationIntervalMs: 60_000,
  finalizeWaitMs: 200,
  maxTimeToWaitForEpochMs: -1,
  hasObserverMasters: false,
  observerReconnectDelayMs: 0,
  observerElectionDelayMs: 0,
  learnerQueueBytesMax: 512 * 1_048_576,
  zxidCounterMax: 0xffff_fffe,
}
