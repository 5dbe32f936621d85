import { OpCode, type SessionId } from '@quorate/protocol'
import type { Observation, Proposed } from '../history/observation.ts'
import { CommittedCursor, type TxnHistory } from '../history/txn-history.ts'
import { driftMostPpm } from '../host.ts'
import { usPerMs } from '../world.ts'
import { type Checker, committingTypes } from './checker.ts'

interface SessionLife {
  readonly timeoutMs: number
  /** Whether a transaction has created it; one that is local to its server has none. */
  isGlobal: boolean
  /** Anything of it arrived at any server. */
  heardAtUs: number
  /** Anything of it arrived at this one. */
  heardAtUsByServer: Map<string, number>
  /** Some of those moments, oldest first. */
  readonly heard: Heard[]
}

interface Heard {
  readonly atUs: number
  readonly server: string
}

/** What a leader may need beyond a session's timeout to end it: ticks, the round of touches, the commit. */
const latenessMs = 2_500
/** So long after the last fault elections are over, and what is on its way has arrived. */
const calmAfterMs = 3_000
/** So long a learner may take to tell its leader of a session, while nothing is in the way. */
const touchDelayMs = 400
/** Clocks that run too fast let a timeout end so much earlier. */
const shortestTimeout = 1 - driftMostPpm / 1_000_000
/** Moments that are kept of a session are so far apart, and so many. */
const heardApartMs = 50
const heardMost = 200

/**
 * Sessions end in time, and no earlier.
 *
 * 1. A leader, or a server that is alone, gives a session up only when nothing of it has reached that server itself for the
 *    session's timeout. What waits in the sockets of a process that was paused has reached it. (What reached a learner may
 *    have been lost between the two.)
 * 2. A leader gives no session up before it has led for the session's timeout: with a term, all timeouts begin anew.
 * 3. Once the faults are over, it gives no session up that a server which has been in step for that time has heard of.
 * 4. In the end no session is there that was silent for its timeout and some time more, while a leader served.
 */
export class SessionLifetimes implements Checker {
  readonly name = 'session-lifetimes'
  readonly reads: Checker['reads'] = [
    ...committingTypes,
    'connected',
    'disconnected',
    'arrived',
    'termEnded',
    'serverEnded',
    'faultsEnded',
    'proposed',
    'settled',
  ]
  readonly #cursor: CommittedCursor
  readonly #sessions = new Map<SessionId, SessionLife>()
  readonly #connections = new Map<
    number,
    { readonly session: SessionId; readonly server: string }
  >()
  readonly #leadingSinceUs = new Map<string, number>()
  /** Since when a server has led or followed without a break. */
  readonly #termSinceUs = new Map<string, number>()
  #faultsEndedAtUs = 0
  /** Whether servers have terms: one that is alone never tells of any. */
  #isEnsemble = false

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation, atUs: number): string | undefined {
    this.#advance(atUs)
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly === true) return undefined
        this.#connections.set(observation.connection, observation)
        this.#life(observation.session, observation.timeoutMs)
        return undefined
      case 'disconnected':
        this.#connections.delete(observation.connection)
        return undefined
      case 'arrived':
        // What arrives at the client keeps nobody alive.
        if (observation.isFromDialler) this.#arrived(observation.connection, atUs)
        return undefined
      case 'termStarted':
        this.#isEnsemble = true
        this.#termSinceUs.set(observation.server, atUs)
        if (observation.role === 'leading') this.#leadingSinceUs.set(observation.server, atUs)
        return undefined
      case 'termEnded':
      case 'serverEnded':
        this.#leadingSinceUs.delete(observation.server)
        this.#termSinceUs.delete(observation.server)
        return undefined
      case 'faultsEnded':
        this.#faultsEndedAtUs = atUs
        return undefined
      case 'proposed':
        return this.#proposed(observation, atUs)
      case 'settled':
        return this.#settled(atUs)
      default:
        return undefined
    }
  }

  #advance(atUs: number): void {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { header, body } = next.txn
      if (body.type === OpCode.createSession) {
        const life = this.#life(header.clientId, body.timeOut)
        life.heardAtUs = atUs
        life.isGlobal = true
      }
      if (body.type === OpCode.closeSession) this.#sessions.delete(header.clientId)
    }
  }

  #life(session: SessionId, timeoutMs: number): SessionLife {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    const life: SessionLife = {
      timeoutMs,
      isGlobal: false,
      heardAtUs: 0,
      heardAtUsByServer: new Map(),
      heard: [],
    }
    this.#sessions.set(session, life)
    return life
  }

  #arrived(connection: number, atUs: number): void {
    const known = this.#connections.get(connection)
    const life = known === undefined ? undefined : this.#sessions.get(known.session)
    if (known === undefined || life === undefined) return
    life.heardAtUs = atUs
    life.heardAtUsByServer.set(known.server, atUs)
    const { heard } = life
    if (atUs - (heard.at(-1)?.atUs ?? -Infinity) < heardApartMs * usPerMs) return
    heard.push({ atUs, server: known.server })
    if (heard.length > heardMost) heard.shift()
  }

  #proposed({ txn, server }: Proposed, atUs: number): string | undefined {
    const { header, body } = txn
    // Expiry is the server's own doing, without a request.
    if (body.type !== OpCode.closeSession || header.cxid !== 0) return undefined
    const life = this.#sessions.get(header.clientId)
    const heardAtUs = life?.heardAtUsByServer.get(server) ?? -Infinity
    const sinceUs = this.#leadingSinceUs.get(server)
    // Learners log what their leader expires, and what one had expired who leads no longer.
    if (life === undefined || (sinceUs === undefined && this.#isEnsemble)) return undefined
    const silentMs = Math.ceil((atUs - heardAtUs) / usPerMs)
    if (silentMs < life.timeoutMs * shortestTimeout)
      return `${server} expires session ${header.clientId} after ${silentMs} ms of silence; its timeout is ${life.timeoutMs} ms`
    const ledMs = sinceUs === undefined ? Infinity : Math.ceil((atUs - sinceUs) / usPerMs)
    if (ledMs < life.timeoutMs * shortestTimeout)
      return `${server} expires session ${header.clientId} after it has led for ${ledMs} ms; the timeout is ${life.timeoutMs} ms`
    const heard = this.#heardByOthers(life, atUs, sinceUs)
    return heard === undefined
      ? undefined
      : `${server} expires session ${header.clientId}, which ${heard.server} had heard of ${Math.floor((atUs - heard.atUs) / usPerMs)} ms before; its timeout is ${life.timeoutMs} ms`
  }

  /** When a server heard of the session which had the time to tell the leader, in a time without faults. */
  #heardByOthers(
    { heard, timeoutMs }: SessionLife,
    atUs: number,
    sinceUs: number | undefined,
  ): Heard | undefined {
    const fromUs = atUs - timeoutMs * shortestTimeout * usPerMs
    const isCalm =
      this.#faultsEndedAtUs > 0 && this.#faultsEndedAtUs + calmAfterMs * usPerMs < fromUs
    if (!isCalm || sinceUs === undefined || sinceUs > fromUs) return undefined
    return heard.find(
      (it) =>
        it.atUs > fromUs &&
        it.atUs < atUs - touchDelayMs * usPerMs &&
        (this.#termSinceUs.get(it.server) ?? Infinity) <= fromUs,
    )
  }

  #settled(atUs: number): string | undefined {
    const leadingSinceUs = Math.max(this.#faultsEndedAtUs, ...this.#leadingSinceUs.values())
    if (!this.#isEnsemble) return undefined
    for (const [session, { heardAtUs, timeoutMs, isGlobal }] of this.#sessions) {
      if (!isGlobal) continue
      const silentMs = (atUs - Math.max(heardAtUs, leadingSinceUs)) / usPerMs
      if (silentMs > timeoutMs + latenessMs)
        return `session ${session} is still there after ${Math.floor(silentMs)} ms of silence; its timeout is ${timeoutMs} ms`
    }
    return undefined
  }
}
