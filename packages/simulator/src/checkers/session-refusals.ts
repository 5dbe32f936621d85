import { OpCode, type SessionId } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/**
 * A client that comes back with its session is told that it is over only after some leader has proposed its end. (Whether that was
 * too early is for session-lifetimes.) Sessions that began as local ones, known to one server only, are passed over; and so is what a
 * read-only server says, which like Apache's takes a session for over that began after it was cut off.
 */
export class SessionRefusals implements Checker {
  readonly name = 'session-refusals'
  readonly reads: Checker['reads'] = ['connected', 'proposed', 'refused']
  readonly #sessions = new Set<SessionId>()
  /** Everybody's from their beginning. */
  readonly #global = new Set<SessionId>()
  readonly #ended = new Set<SessionId>()

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly !== true) this.#sessions.add(observation.session)
        return undefined
      case 'proposed': {
        const { header, body } = observation.txn
        if (body.type === OpCode.createSession && !this.#sessions.has(header.clientId))
          this.#global.add(header.clientId)
        if (body.type === OpCode.closeSession) this.#ended.add(header.clientId)
        return undefined
      }
      case 'refused': {
        const { client, session, isReadOnly } = observation
        return isReadOnly || !this.#global.has(session) || this.#ended.has(session)
          ? undefined
          : `${client} is told that its session ${session} is over, whose end nobody has proposed`
      }
      default:
        return undefined
    }
  }
}
