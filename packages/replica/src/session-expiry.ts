/**
 * Ends the sessions that were not heard of for their timeout.
 *
 * 1. No more than {@link expiredPerTurnMax} end in one turn, so that input is not kept waiting when a great many end together.
 * 2. A session whose pings this server itself leaves unread is not ended: a stall is not a death.
 */
import type { Session, SessionTracker } from './session-tracker.ts'

export const expiredPerTurnMax = 500

export interface SessionExpiryHost {
  /** Whether it is this server that does not read the session's input, and not the peer that does not take its replies. */
  isKeptFromReading(session: Session): boolean
  expire(session: Session): void
}

export class SessionExpiry {
  /** More sessions may be due than were ended: run again with the next turn. */
  isUnfinished = false
  readonly #sessions: SessionTracker
  readonly #host: SessionExpiryHost

  constructor(sessions: SessionTracker, host: SessionExpiryHost) {
    this.#sessions = sessions
    this.#host = host
  }

  run(nowMs: number): void {
    const due = this.#sessions.expired(nowMs, expiredPerTurnMax)
    for (const session of due) {
      if (this.#host.isKeptFromReading(session)) this.#sessions.touch(session, nowMs)
      else this.#host.expire(session)
    }
    this.isUnfinished = due.length === expiredPerTurnMax
  }
}
