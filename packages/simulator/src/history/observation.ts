/**
 * What the checkers see of a run: everything that clients and servers could tell afterwards, in the order in which it happened.
 * A test of a checker is a list of these.
 *
 * What servers tell, life by life:
 *
 *     applied (isReplay)… recovered ── roleStarted ── proposed, synced, applied, digest… ── roleEnded ─┐
 *                             ▲            ▲  └ in between: proposed, synced, applied (isReplay), reset, synchronised
 *                             │            └───────────────────────────────────────────────────────────┤
 *                             └── the process ends (processEnded, after a roleEnded if it had a role) ──┘
 *
 * Between two roles a server may apply what is in its log and not committed; that is `isReplay`, and may vanish again with a
 * `reset`. In a role every transaction that is applied is committed.
 */
import type { EventType, SessionId, Txn, Zxid } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import type { TreeView } from './tree-view.ts'

/** The client, its session and its connection. */
export interface ClientMoment {
  readonly client: string
  readonly session: SessionId
  /** Numbers the connections of the whole run. */
  readonly connection: number
}

/** The last byte of a message was handed to a host. */
export interface Arrived {
  readonly type: 'arrived'
  /** Whether it came from the end that had dialled, which is the client's. */
  readonly isFromDialler: boolean
  readonly connection: number
}

/** A client has a session on this connection, a new one or its old one again. */
export interface Connected extends ClientMoment {
  readonly type: 'connected'
  readonly timeoutMs: number
  /** The server is cut off from its ensemble and only answers reads, from a state that may be old or never committed. */
  readonly isReadOnly?: boolean
}

/** A server said that the session is over. */
export interface Refused {
  readonly type: 'refused'
  readonly client: string
  readonly session: SessionId
}

export interface Invoked extends ClientMoment {
  readonly type: 'invoked'
  readonly xid: number
  readonly operation: Operation
}

/** A reply came; `operation` is what its xid was sent with. */
export interface Replied extends ClientMoment {
  readonly type: 'replied'
  readonly xid: number
  readonly zxid: Zxid
  readonly err: number
  readonly operation: Operation | undefined
  readonly answer: Answer
}

/** A watch event came; the zxid is −1 for what setWatches catches up on. */
export interface Notified extends ClientMoment {
  readonly type: 'notified'
  readonly event: EventType
  readonly path: string
  readonly zxid: Zxid
}

/** What was not answered on this connection never will be: it may have been carried out or not, or will be soon. */
export interface Disconnected extends ClientMoment {
  readonly type: 'disconnected'
}

/** What a server is at the moment; alone it needs nobody's votes. */
export type ServerRole = 'standalone' | 'leading' | 'following' | 'observing'

/** A server put a transaction behind all others of its log. It need not be durable, and may never be committed. */
export interface Proposed {
  readonly type: 'proposed'
  readonly server: string
  readonly zxid: Zxid
  readonly txn: Txn
  /** Told once the server applies it, if not here. */
  readonly bytes?: Uint8Array
}

/** The log of a server is durable up to here. */
export interface Synced {
  readonly type: 'synced'
  readonly server: string
  readonly zxid: Zxid
}

/**
 * A server changed its tree by a transaction. With `isReplay` outside of any role: from its log, at its start or later, or
 * while it is brought into step with a leader; else it was delivered in a role, and so is committed.
 */
export interface Applied {
  readonly type: 'applied'
  readonly server: string
  readonly isReplay: boolean
  readonly zxid: Zxid
  readonly txn: Txn
  readonly bytes: Uint8Array
}

/** The digest of a server's tree, in the form of {@link TreeView.digest}, when its last transaction was this one. */
export interface DigestTold {
  readonly type: 'digest'
  readonly server: string
  readonly zxid: Zxid
  readonly digest: string
}

/** A process has found its state again on its disk. What it replayed for it was told before. */
export interface Recovered {
  readonly type: 'recovered'
  readonly server: string
  readonly view: TreeView
}

/**
 * A server's history, on disk and in memory, now ends at this zxid: what came behind it was cut off, or a leader's state has
 * taken the place of all. What is replayed for it is told before, or not at all.
 */
export interface Reset {
  readonly type: 'reset'
  readonly server: string
  readonly kind: 'truncated' | 'replaced' | 'reloaded'
  readonly zxid: Zxid
  readonly view: TreeView
}

/** A leader has chosen how to bring a learner into step. */
export interface Synchronised {
  readonly type: 'synchronised'
  /** The learner. */
  readonly server: string
  readonly kind: 'DIFF' | 'TRUNC' | 'SNAP' | 'TRUNC+DIFF'
}

/** A server begins to serve clients in a role. */
export interface RoleStarted {
  readonly type: 'roleStarted'
  readonly server: string
  readonly serverId: number
  readonly role: ServerRole
  /** 0 alone. */
  readonly epoch: number
  readonly leaderId: number
  /** Of the last transaction in its tree. */
  readonly lastZxid: Zxid
}

/** A role is over, by an ordered end or with the process. */
export interface RoleEnded {
  readonly type: 'roleEnded'
  readonly server: string
}

/** A server's process is gone; with a lost disk, so is all that it ever stored. */
export interface ProcessEnded {
  readonly type: 'processEnded'
  readonly server: string
  readonly isDiskLost: boolean
}

/** A membership is in force on a server: at its start, by a delivered transaction, or from its leader. */
export interface MembershipChanged {
  readonly type: 'membershipChanged'
  readonly server: string
  /** As `/zookeeper/config` shows it. */
  readonly text: string
}

/** The state of a server that is still up when the run is over, and everything has come to rest. */
export interface FinalView {
  readonly type: 'finalView'
  readonly server: string
  readonly view: TreeView
}

/** A server of an ensemble has come to serve in this role; until its {@link TermEnded}, or until its process ends. */
export interface TermStarted {
  readonly type: 'termStarted'
  readonly server: string
  readonly role: 'leading' | 'following' | 'observing'
  readonly epoch: number
  readonly lastZxid: Zxid
}

export interface TermEnded {
  readonly type: 'termEnded'
  readonly server: string
}

/** A server's process is gone; what it had put into its log may be gone with it. */
export interface ServerEnded {
  readonly type: 'serverEnded'
  readonly server: string
  readonly losesPower: boolean
  /** The machine comes back with an empty disk, or one whose damage made it be replaced. */
  readonly losesDisk: boolean
}

/** A server dropped what its log held behind `zxid`, as its leader told it. */
export interface HistoryCut {
  readonly type: 'historyCut'
  readonly server: string
  readonly zxid: Zxid
}

/** A server of an ensemble has loaded its state from disk, or taken over one that its leader sent. */
export interface Loaded {
  readonly type: 'loaded'
  readonly server: string
  readonly view: TreeView
}

/** After the end of all load and faults: what a server has come to. All are asked at the same moment. */
export interface Settled {
  readonly type: 'settled'
  readonly server: string
  readonly isServing: boolean
  readonly view: TreeView
}

/** A server ended without having been told to. */
export interface ServerFailed {
  readonly type: 'serverFailed'
  readonly server: string
  readonly phase: 'recovering' | 'serving'
  /** The error's stable code, or its name when it has none. */
  readonly code: string
  readonly message: string
}

export interface DigestMismatched {
  readonly type: 'digestMismatched'
  readonly server: string
  readonly zxid: Zxid
}

/** No fault begins after this, and all have ended. */
export interface FaultsEnded {
  readonly type: 'faultsEnded'
  readonly clients: readonly string[]
}

/** The run is over. */
export interface Ended {
  readonly type: 'ended'
}

export type Observation =
  | Arrived
  | Connected
  | Refused
  | Invoked
  | Replied
  | Notified
  | Disconnected
  | Proposed
  | Synced
  | Applied
  | DigestTold
  | Recovered
  | Reset
  | Synchronised
  | RoleStarted
  | RoleEnded
  | ProcessEnded
  | MembershipChanged
  | FinalView
  | ServerFailed
  | DigestMismatched
  | FaultsEnded
  | Ended
