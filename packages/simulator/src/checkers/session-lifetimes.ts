import { OpCode, type SessionId } from '@quorate/protocol'
import type { Observation, Proposed } from '../history/observation.ts'
import { usPerMs } from '../world.ts'
import type { Checker } from './checker.ts'

/**
 * A server gives a session up only when nothing of it has reached the server for the session's timeout. What waits in the
 * sockets of a process that was paused has reached it.
 */
export class SessionLifetimes implements Checker {
  readonly name = 'session-lifetimes'
  readonly #sessions = new Map<SessionId, { heardAtUs: number; timeoutMs: number }>()
  readonly #sessionsByConnection = new Map<number, SessionId>()

  observe(observation: Observation, atUs: number): string | undefined {
    switch (observation.type) {
      case 'connected': {
        const { connection, session, timeoutMs } = observation
        this.#sessionsByConnection.set(connection, session)
        const heardAtUs = this.#sessions.get(session)?.heardAtUs ?? 0
        this.#sessions.set(session, { heardAtUs, timeoutMs })
        return undefined
      }
      case 'disconnected':
        this.#sessionsByConnection.delete(observation.connection)
        return undefined
      case 'arrived': {
        const session = this.#sessionsByConnection.get(observation.connection)
        const known = session === undefined ? undefined : this.#sessions.get(session)
        // What arrives at the client keeps nobody alive.
        if (known !== undefined && observation.isFromDialler) known.heardAtUs = atUs
        return undefined
      }
      case 'proposed':
        return this.#proposed(observation, atUs)
      default:
        return undefined
    }
  }

  #proposed({ txn, server }: Proposed, atUs: number): string | undefined {
    const { header, body } = txn
    // Expiry is the server's own doing, without a request.
    if (body.type !== OpCode.closeSession || header.cxid !== 0) return undefined
    const session = this.#sessions.get(header.clientId)
    if (session === undefined) return undefined
    const silentMs = Math.ceil((atUs - session.heardAtUs) / usPerMs)
    if (silentMs >= session.timeoutMs) return undefined
    return `${server} expires session ${header.clientId} after ${silentMs} ms of silence; its timeout is ${session.timeoutMs} ms`
  }
}
