/**
 * Who has asked the leader over the one connection with it: this server for its own clients, or an observer that it serves.
 *
 * 1. The leader answers syncs in the order of the questions, and questions about one session in theirs.
 */
import type { SessionId } from '@quorate/protocol'
import type { LearnerHandler } from './learner-handler.ts'

export type Asker = LearnerHandler | 'self'

export class Askers {
  readonly #syncs: Asker[] = []
  readonly #askersBySession = new Map<SessionId, Asker[]>()

  syncAsked(asker: Asker): void {
    this.#syncs.push(asker)
  }

  /** @returns whose answer it is */
  syncAnswered(): Asker | undefined {
    return this.#syncs.shift()
  }

  revalidationAsked(session: SessionId, asker: Asker): void {
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
