import { OpCode, type SessionId, type Zxid } from '@quorate/protocol'
import type { Invoked, Observation, Proposed } from '../history/observation.ts'
import { CommittedCursor, type TxnHistory } from '../history/txn-history.ts'
import { usPerMs } from '../world.ts'
import { type Checker, committingTypes } from './checker.ts'

/** A welcome may have been under way so long. */
const welcomeMostMs = 3_000

/**
 * A session is in one place.
 *
 * 1. Once a client has its session on a connection, nothing is committed that a leader made later of what was asked for on an earlier
 *    one, but an error. What a session that only its server knows has left on the way there may still arrive: it comes back to
 *    that server without the leader being asked, so that no answer of the leader's tells what it had made before.
 * 2. A session that ended long ago is given to nobody.
 */
export class SessionMoves implements Checker {
  readonly name = 'session-moves'
  readonly reads: Checker['reads'] = [
    ...committingTypes,
    'termEnded',
    'serverEnded',
    'invoked',
    'connected',
    'proposed',
  ]
  readonly #cursor: CommittedCursor
  readonly #leaders = new Set<string>()
  readonly #connectionBySession = new Map<SessionId, number>()
  readonly #serverByConnection = new Map<number, string>()
  /** For whose creation a transaction was made: from there on a leader says who has them. */
  readonly #globalSessions = new Set<SessionId>()
  /** By session and xid: where it was asked for. */
  readonly #askedOn = new Map<SessionId, Map<number, number>>()
  readonly #wrongByZxid = new Map<Zxid, string>()
  readonly #endedAtUs = new Map<SessionId, number>()

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation, atUs: number): string | undefined {
    const problem = this.#advance(atUs)
    if (problem !== undefined) return problem
    switch (observation.type) {
      case 'termStarted':
        if (observation.role === 'leading') this.#leaders.add(observation.server)
        return undefined
      case 'termEnded':
      case 'serverEnded':
        this.#leaders.delete(observation.server)
        return undefined
      case 'invoked':
        this.#asked(observation)
        return undefined
      case 'connected': {
        if (observation.isReadOnly === true) return undefined
        const { client, session, connection, server } = observation
        this.#connectionBySession.set(session, connection)
        this.#serverByConnection.set(connection, server)
        const endedMs = (atUs - (this.#endedAtUs.get(session) ?? Infinity)) / usPerMs
        return endedMs > welcomeMostMs
          ? `${client} is given the session ${session}, which was ended ${Math.floor(endedMs)} ms ago`
          : undefined
      }
      case 'proposed':
        if (this.#leaders.has(observation.server)) this.#proposed(observation)
        return undefined
      default:
        return undefined
    }
  }

  #advance(atUs: number): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { header, body } = next.txn
      if (body.type === OpCode.closeSession) this.#endedAtUs.set(header.clientId, atUs)
      const server = this.#wrongByZxid.get(next.zxid)
      if (server !== undefined)
        return `${server} carries out the request ${header.cxid} of session ${header.clientId}, which came on a connection that the session had left`
    }
    return undefined
  }

  #asked({ session, xid, connection }: Invoked): void {
    const known = this.#askedOn.get(session)
    if (known === undefined) this.#askedOn.set(session, new Map([[xid, connection]]))
    else known.set(xid, connection)
  }

  /** A leader that was replaced and doesn't know it yet may do so: what it proposes is never committed. */
  #proposed({ server, zxid, txn }: Proposed): void {
    const { clientId: session, cxid } = txn.header
    if (txn.body.type === OpCode.createSession) this.#globalSessions.add(session)
    const present = this.#connectionBySession.get(session)
    const asked = this.#askedOn.get(session)?.get(cxid)
    if (present === undefined || asked === undefined || asked === present) return
    if (!this.#globalSessions.has(session) && this.#isSameServer(asked, present)) return
    if (txn.body.type !== OpCode.error) this.#wrongByZxid.set(zxid, server)
  }

  #isSameServer(asked: number, present: number): boolean {
    return this.#serverByConnection.get(asked) === this.#serverByConnection.get(present)
  }
}
