/**
 * The sessions that this server must keep alive, in buckets by the time of their expiry.
 *
 * 1. A session is in exactly one bucket, but in none once it is closing.
 * 2. A bucket's time is a multiple of the tick, and never earlier than the last touch plus the timeout; so a session dies between its
 *    timeout and one tick later.
 *
 * Times are ms on a monotonic clock.
 */
import { type SessionId, sessionIdHigh, sessionIdLow } from '@quorate/protocol'

/** A session id in two halves, as transactions carry it. */
export interface SessionHalves {
  readonly idHigh: number
  readonly idLow: number
}

/** A session that is alive, or closing until its closeSession has been applied. */
export class Session implements SessionHalves {
  readonly id: SessionId
  readonly idHigh: number
  readonly idLow: number
  timeoutMs: number
  /** Its bucket's time. */
  expiresAtMs = 0
  isClosing = false
  /** Only the server that its client is connected to knows of it. */
  isLocal = false
  /** On the leader: the connection or the learner through which its writes have to come; undefined until one has. */
  owner: object | undefined

  constructor(id: SessionId, timeoutMs: number) {
    this.id = id
    this.idHigh = sessionIdHigh(id)
    this.idLow = sessionIdLow(id)
    this.timeoutMs = timeoutMs
  }
}

export class SessionTracker {
  readonly #tickMs: number
  readonly #sessions = new Map<SessionId, Session>()
  readonly #sessionsByExpiry = new Map<number, Set<Session>>()

  constructor(tickMs: number) {
    this.#tickMs = tickMs
  }

  get count(): number {
    return this.#sessions.size
  }

  /** Buckets in no order, for `dump`. */
  get sessionsByExpiryMs(): ReadonlyMap<number, ReadonlySet<Session>> {
    return this.#sessionsByExpiry
  }

  get(id: SessionId): Session | undefined {
    return this.#sessions.get(id)
  }

  all(): Iterable<Session> {
    return this.#sessions.values()
  }

  /** Starts to track a session with its full time; one that is known stays as it is. */
  add(id: SessionId, timeoutMs: number, nowMs: number): Session {
    return this.#sessions.get(id) ?? this.adopt(new Session(id, timeoutMs), nowMs)
  }

  /** Starts to track a session that is known elsewhere, with its full time. */
  adopt(session: Session, nowMs: number): Session {
    this.#sessions.set(session.id, session)
    session.expiresAtMs = 0
    this.touch(session, nowMs)
    return session
  }

  touch(session: Session, nowMs: number): void {
    if (session.isClosing) return
    const expiresAtMs = (Math.floor((nowMs + session.timeoutMs) / this.#tickMs) + 1) * this.#tickMs
    if (expiresAtMs === session.expiresAtMs) return
    this.#leaveBucket(session)
    session.expiresAtMs = expiresAtMs
    const bucket = this.#sessionsByExpiry.get(expiresAtMs)
    if (bucket === undefined) this.#sessionsByExpiry.set(expiresAtMs, new Set([session]))
    else bucket.add(session)
  }

  /** From here on the session answers to nothing and expires no more. */
  setClosing(session: Session): void {
    this.#leaveBucket(session)
    session.isClosing = true
  }

  remove(id: SessionId): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#leaveBucket(session)
    this.#sessions.delete(id)
  }

  /** Sessions whose time is over, `countMax` at most. They stay in their bucket until {@link setClosing} or {@link touch}. */
  expired(nowMs: number, countMax: number): Session[] {
    const expired: Session[] = []
    for (const [expiresAtMs, sessions] of this.#sessionsByExpiry) {
      if (expiresAtMs > nowMs) continue
      for (const session of sessions) {
        if (expired.length === countMax) return expired
        expired.push(session)
      }
    }
    return expired
  }

  #leaveBucket(session: Session): void {
    const bucket = this.#sessionsByExpiry.get(session.expiresAtMs)
    bucket?.delete(session)
    if (bucket?.size === 0) this.#sessionsByExpiry.delete(session.expiresAtMs)
  }
}
