/** Clients that have come with a session and wait for what the leader says of it; answers about one session come in order. */
import type { SessionId } from '@quorate/protocol'
import type { ClientConnection } from '../client-connection.ts'

export interface Revalidation {
  readonly connection: ClientConnection
  readonly timeoutMs: number
}

export class Revalidations {
  readonly #askedBySession = new Map<SessionId, Revalidation[]>()

  get count(): number {
    return this.#askedBySession.size
  }

  /** @returns who waited for an answer about this session last */
  add(id: SessionId, revalidation: Revalidation): Revalidation | undefined {
    const asked = this.#askedBySession.get(id)
    if (asked === undefined) {
      this.#askedBySession.set(id, [revalidation])
      return undefined
    }
    asked.push(revalidation)
    return asked.at(-2)
  }

  /** Whom the next answer about this session is for. */
  take(id: SessionId): Revalidation | undefined {
    const asked = this.#askedBySession.get(id)
    const first = asked?.shift()
    if (asked?.length === 0) this.#askedBySession.delete(id)
    return first
  }
}
