/**
 * Who has asked the leader over the one connection with it: this server for its own clients, or an observer that it serves.
 *
 * 1. The leader answers syncs in the order of the questions, and questions about one session in theirs.
 * 2. Whoever has asked about a session last has its client. The leader takes all who ask over this connection for one, so that it
 *    can't tell that a session has moved between them.
 */
import type { SessionId } from '@quorate/protocol'
import type { LearnerHandler } from './learner-handler.ts'

export type Asker = LearnerHandler | 'self'

export class Askers {
  readonly #syncs: Asker[] = []
  readonly #askersBySession = new Map<SessionId, Asker[]>()
  /** Of sessions that have come to one of several askers from elsewhere; undefined: there is but one. */
  readonly #placeBySession: Map<SessionId, Asker> | undefined

  constructor(areSeveral: boolean) {
    this.#placeBySession = areSeveral ? new Map() : undefined
  }

  /** Whether the session's client may be there. */
  isAt(session: SessionId, asker: Asker): boolean {
    return (this.#placeBySession?.get(session) ?? asker) === asker
  }

  sessionEnded(session: SessionId): void {
    this.#placeBySession?.delete(session)
  }

  syncAsked(asker: Asker): void {
    this.#syncs.push(asker)
  }

  /** @returns whose answer it is */
  syncAnswered(): Asker | undefined {
    return this.#syncs.shift()
  }

  revalidationAsked(session: SessionId, asker: Asker): void {
    this.#placeBySession?.set(session, asker)
    const askers = this.#askersBySession.get(session)
    if (askers === undefined) this.#askersBySession.set(session, [asker])
    else askers.push(asker)
  }

  /** @returns whose answer it is */
  revalidated(session: SessionId): Asker | undefined {
    const askers = this.#askersBySession.get(session)
    const asker = askers?.shift()
    if (askers?.length === 0) this.#askersBySession.delete(session)
    return asker
  }
}
