/**
 * The sessions that no transaction tells of: this server alone knows them and lets them expire, and they end with its term
 * (`localSessionsEnabled`, and every session of a read-only server).
 */
import { formatSessionId, type SessionId } from '@quorate/protocol'
import type { ClientConnection } from './client-connection.ts'
import type { AuthorityHost } from './roles/authority.ts'
import { SessionExpiry, type SessionExpiryHost } from './session-expiry.ts'
import { Session, SessionTracker } from './session-tracker.ts'

export class LocalSessions implements SessionExpiryHost {
  readonly #host: AuthorityHost
  readonly #sessions: SessionTracker
  readonly #expiry: SessionExpiry

  constructor(host: AuthorityHost, tickMs: number) {
    this.#host = host
    this.#sessions = new SessionTracker(tickMs)
    this.#expiry = new SessionExpiry(this.#sessions, this)
  }

  get count(): number {
    return this.#sessions.count
  }

  get sessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.#sessions.sessionsByExpiryMs
  }

  has(id: SessionId): boolean {
    return this.#sessions.get(id) !== undefined
  }

  create(connection: ClientConnection, id: SessionId, timeoutMs: number): void {
    const session = new Session(id, timeoutMs)
    session.isLocal = true
    this.#sessions.adopt(session, this.#host.nowMs)
    this.#host.welcome(connection, session)
  }

  /** @returns false when the session is none of these */
  reattach(connection: ClientConnection, id: SessionId, timeoutMs: number): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    session.timeoutMs = timeoutMs
    this.touch(session)
    this.#host.welcome(connection, session)
    return true
  }

  touch(session: Session): void {
    this.#sessions.touch(session, this.#host.nowMs)
  }

  /** The session is over, or everybody's from now on. */
  remove(session: Session): void {
    this.#sessions.remove(session.id)
  }

  isKeptFromReading(session: Session): boolean {
    return this.#host.isKeptFromReading(session)
  }

  expire(session: Session): void {
    this.#host.report({
      level: 'info',
      code: 'SESSION_EXPIRED',
      message: `the local session ${formatSessionId(session.id)} was not heard of for its ${session.timeoutMs} ms and expires`,
      fields: { sessionId: formatSessionId(session.id), timeoutMs: session.timeoutMs },
    })
    this.#host.sessionExpired()
    this.remove(session)
    this.#host.connectionOf(session.id)?.close()
  }

  ticked(): void {
    this.#expiry.run(this.#host.nowMs)
  }

  /** @returns whether there is more to do with the next turn */
  turnEnded(): boolean {
    if (this.#expiry.isUnfinished) this.#expiry.run(this.#host.nowMs)
    return this.#expiry.isUnfinished
  }
}
