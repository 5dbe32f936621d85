/**
 * What the checkers see of a run: everything that clients and servers could tell afterwards, in the order in which it happened.
 * A test of a checker is a list of these.
 *
 * What a server that is alone tells of a life of its process: `applied` (isReplay)…, `recovered`, then `proposed`, `synced` and
 * `applied`. What a member of an ensemble tells:
 *
 *     applied (isReplay)… loaded ── termStarted ── proposed, synced, applied, digest… ── termEnded ─┐
 *              ▲                        ▲   └ in between: proposed, synced, applied, historyCut, loaded
 *              │                        └────────────────────────────────────────────────────────────┤
 *              └── the process ends (serverEnded, which ends the term too) ───────────────────────────┘
 *
 * Outside of a term a member may apply what is in its log and not committed, and that may vanish again with `historyCut` or
 * `loaded`. In a term every transaction that is applied is committed.
 */
import type { EventType, SessionId, Txn, Zxid } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import type { MemberObservation } from './member-observation.ts'
import type { TreeView } from './tree-view.ts'

export type * from './member-observation.ts'

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
  readonly server: string
  readonly timeoutMs: number
  /** The server is cut off from its ensemble and only answers reads, from a state that may be old or never committed. */
  readonly isReadOnly?: boolean
}

/** A server said that the session is over. */
export interface Refused {
  readonly type: 'refused'
  readonly client: string
  readonly session: SessionId
  /** Whether a server said it that only serves reads. */
  readonly isReadOnly: boolean
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
 * A server changed its tree by a transaction. With `isReplay` it was found in the log while the state was loaded. Without, and
 * in a term or alone, it was delivered, and so is committed.
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

/** A server that is alone has found its state again and is about to serve. */
export interface Recovered {
  readonly type: 'recovered'
  readonly server: string
  readonly view: TreeView
}

/** A leader has chosen how to bring a learner into step. */
export interface SyncPlanned {
  readonly type: 'syncPlanned'
  /** The leader. */
  readonly server: string
  readonly learner: string
  /** The last transaction that it had committed then. */
  readonly committedZxid: Zxid
}

/** A learner has been told how its leader brings it into step. */
export interface Synchronised {
  readonly type: 'synchronised'
  /** The learner. */
  readonly server: string
  readonly leader: string
  readonly kind: 'DIFF' | 'TRUNC' | 'SNAP'
}

/** A membership is in force on a server: at its start, by a delivered transaction, or from its leader. */
export interface MembershipChanged {
  readonly type: 'membershipChanged'
  readonly server: string
  /** As `/zookeeper/config` shows it. */
  readonly text: string
}

/** The file `currentEpoch` of a server holds another epoch than before, and would after a power failure; told at its start too. */
export interface EpochOnDisk {
  readonly type: 'epochOnDisk'
  readonly server: string
  readonly epoch: number
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

/** A server of an ensemble has loaded its state from disk, or taken over one that its leader sent; `held`: in memory only. */
export interface Loaded {
  readonly type: 'loaded'
  readonly server: string
  /** At its start, again between two terms, behind a {@link HistoryCut}, or because a leader sent a state. */
  readonly cause: 'recovered' | 'truncated' | 'replaced' | 'held'
  readonly view: TreeView
}

/** After the end of all load and faults: what a server has come to. All are asked at the same moment. */
export interface Settled {
  readonly type: 'settled'
  readonly server: string
  readonly isServing: boolean
  readonly view: TreeView
}

/** A server gave a session up of which nothing was heard: one that only it knows, or as the leader one of all. */
export interface SessionExpired {
  readonly type: 'sessionExpired'
  readonly server: string
  readonly session: SessionId
}

/** The sessions that only this server knows, after the end of all load and faults. */
export interface LocalSessionsTold {
  readonly type: 'localSessions'
  readonly server: string
  readonly sessions: readonly SessionId[]
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

/** A real client was made, for a session of its own; all that follows of this name is about it. */
export interface ClientOpened {
  readonly type: 'clientOpened'
  readonly client: string
  readonly servers: readonly string[]
  /** The session timeout that it asks for. */
  readonly timeoutMs: number
}

/** A real client's process is gone, with the promises that it gave. */
export interface ClientEnded {
  readonly type: 'clientEnded'
  readonly client: string
}

/** A real client tries a server. */
export interface Dialled {
  readonly type: 'dialled'
  readonly client: string
  readonly server: string
}

/** A method of a real client was called. */
export interface Called {
  readonly type: 'called'
  readonly client: string
  /** Numbers the calls of a client. */
  readonly call: number
  readonly operation: Operation
  readonly deadlineMs: number | undefined
  /** The caller gives it up after so long. */
  readonly abortMs?: number | undefined
}

/** The promise of a call was settled. */
export interface Returned {
  readonly type: 'returned'
  readonly client: string
  readonly call: number
  /** `Ok`, or the code of the error that it was rejected with. */
  readonly code: string
  /** What an error says of whether the change was made. */
  readonly applied: 'no' | 'unknown'
  /** What it was fulfilled with. */
  readonly value: unknown
}

/** A real client told a listener of a change. */
export interface ChangeTold {
  readonly type: 'changeTold'
  readonly client: string
  /** The call that the listener came with; undefined: it is one for all changes. */
  readonly call: number | undefined
  readonly event: EventType
  readonly path: string
  /** Undefined when it is not known. */
  readonly zxid: Zxid | undefined
}

/** A real client told of where its session stands. */
export interface StateTold {
  readonly type: 'stateTold'
  readonly client: string
  readonly state: string
}

/** A recipe has granted a client a lock, a lease or a leadership. */
export interface Granted {
  readonly type: 'granted'
  readonly client: string
  readonly lock: string
  /** The node that it is held by. */
  readonly path: string
  readonly token: Zxid
  /** The last transaction that the client had been told of then. */
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

/** A process that uses the data recipes is about to put an item, */
export interface ItemOffered {
  readonly type: 'itemOffered'
  readonly client: string
  readonly queue: string
  readonly item: string
}

/** and the recipe says that it is in the queue. */
export interface ItemPut {
  readonly type: 'itemPut'
  readonly queue: string
  readonly item: string
}

export interface TakeBegun {
  readonly type: 'takeBegun'
  readonly client: string
  readonly queue: string
}

/** A take came to its end: with an item, with one that nobody can say who has taken it, or without. */
export interface TakeEnded {
  readonly type: 'takeEnded'
  readonly client: string
  readonly queue: string
  readonly item: string | undefined
  readonly isSure: boolean
}

/** A counter was incremented, or may have been. */
export interface Counted {
  readonly type: 'counted'
  readonly client: string
  readonly isSure: boolean
}

/** What a cache holds while it says that it is exact. */
export interface Copied {
  readonly type: 'copied'
  readonly client: string
  readonly root: string
  readonly zxid: Zxid
  readonly values: ReadonlyMap<string, string>
}

/** A process that uses the data recipes was killed. */
export interface DataClientEnded {
  readonly type: 'dataClientEnded'
  readonly client: string
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
  | SyncPlanned
  | Synchronised
  | MembershipChanged
  | EpochOnDisk
  | TermStarted
  | TermEnded
  | ServerEnded
  | HistoryCut
  | Loaded
  | Settled
  | SessionExpired
  | LocalSessionsTold
  | ServerFailed
  | DigestMismatched
  | ClientOpened
  | ClientEnded
  | Dialled
  | Called
  | Returned
  | ChangeTold
  | StateTold
  | Granted
  | FaultsEnded
  | Ended
  | ItemOffered
  | ItemPut
  | TakeBegun
  | TakeEnded
  | Counted
  | Copied
  | DataClientEnded
  | MemberObservation
