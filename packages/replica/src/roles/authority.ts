/**
 * What differs between a server that leads, one that learns from a leader and one that only reads: who decides about sessions
 * and what becomes of a write. All else (connections, reads, watches, counters) is the same for all of them: {@link ClientService}.
 */
import type { Proposal } from '@quorate/consensus'
import type { JuteReader, SessionId, Zxid } from '@quorate/protocol'
import type { ClientConnection } from '../client-connection.ts'
import type { ReplicaReport } from '../driver-port.ts'
import type { Session } from '../session-tracker.ts'
import type { OrderedRequest } from '../write.ts'

export interface Authority {
  /** Whether only reads are served, and only to clients that put up with it. */
  readonly isReadOnly: boolean
  /** Whether a write may be delivered before the sync or the linearizable read in front of it is confirmed. */
  readonly canWritesPassBarriers: boolean
  /** Everything of earlier epochs than this zxid's is in the tree: Apache's leaders show it to clients, though it is no transaction's. */
  readonly epochZxid: Zxid
  /** Requests of the server's own clients that have not been answered. */
  readonly inFlightCount: number
  /** Something was handed to the engine that waits for the end of the turn. */
  readonly isTurnEndNeeded: boolean
  readonly sessionCount: number
  /** The ensemble's sessions by the time of their expiry; undefined: it is another server that lets them expire. */
  readonly sessionsByExpiryMs: ReadonlyMap<number, ReadonlySet<Session>> | undefined
  /** Those that only this server knows; undefined: it gives none. */
  readonly localSessionsByExpiryMs: ReadonlyMap<number, ReadonlySet<Session>> | undefined
  /** Whether requests of this type are {@link write}s here. */
  takes(type: number): boolean
  /** A client wants a session: {@link AuthorityHost.welcome} it, now or later. */
  createSession(connection: ClientConnection, timeoutMs: number): void
  /** A client has come back with its session and the right password: welcome or refuse it, now or later. */
  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): void
  /** Input of the session has come. */
  touch(session: Session): void
  /**
   * @param reader stands at the request's record
   * @throws JuteError when it cannot be decoded; nothing was done
   */
  write(request: OrderedRequest, reader: JuteReader): void
  /** The request is to fail, in its turn, with this ErrorCode. */
  fail(request: OrderedRequest, err: number): void
  /**
   * Calls `confirmed` when reads here show everything that was committed anywhere before this call, with an ErrorCode other
   * than Ok when that cannot be had.
   */
  confirmRead(request: OrderedRequest, confirmed: (err: number) => void): void
  /**
   * Calls `fenced` when all requests that the session ever sent, by whatever way, have been applied here or never will be anywhere; with
   * an ErrorCode other than Ok when that cannot be had. Of what it sends from here on nothing is said. A connection that the session has
   * left is dropped.
   */
  fence(request: OrderedRequest, fenced: (err: number) => void): void
  /** With false a request may be applied behind the fence that had come by another way before it. */
  readonly fencesMoves: boolean
  /**
   * Calls `fenced` with true when the session is over, and all requests that it ever sent have been applied here or never will be
   * anywhere; with false when it may live.
   */
  fenceEnded(request: OrderedRequest, session: SessionId, fenced: (isOver: boolean) => void): void
  /** The engine delivers: apply, tell watches, answer. */
  deliver(proposal: Proposal): void
  ticked(): void
  turnEnded(): void
}

/** What an authority asks of the service it belongs to. */
export interface AuthorityHost {
  readonly nowMs: number
  readonly wallMs: number
  /** The client has its session: say so, and take its requests. An older connection of the session is closed. */
  welcome(connection: ClientConnection, session: Session): void
  /** The session is unknown or over: say so and close. */
  refuse(connection: ClientConnection): void
  /** The connection is no good any more. What was replied is still sent. */
  drop(connection: ClientConnection, code: string, reason: string): void
  connectionOf(id: SessionId): ClientConnection | undefined
  connections(): Iterable<ClientConnection>
  /** Whether it is this server that does not read the session's input, and not the peer that does not take its replies. */
  isKeptFromReading(session: Session): boolean
  /** All input that is there has been handled when {@link Authority.turnEnded} is called. */
  requestTurnEnd(): void
  txnApplied(lengthBytes: number): void
  sessionExpired(): void
  report(report: ReplicaReport): void
}
