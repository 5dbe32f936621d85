import { OpCode, type SessionId } from '@quorate/protocol'
import type {
  Connected,
  LocalSessionsTold,
  Observation,
  SessionExpired,
} from '../history/observation.ts'
import { driftMostPpm } from '../host.ts'
import { usPerMs } from '../world.ts'
import type { Checker } from './checker.ts'

/** A session on a server that alone knows it. */
interface LocalLife {
  timeoutMs: number
  /** Anything of it arrived at the server, behind what asked for the session. */
  arrivedAtUs: number
  /** That, or the client had its welcome. */
  seenAtUs: number
}

/** What a server may need beyond a session's timeout to end it: ticks. */
const latenessMs = 2_500
/** A welcome may have been under way so long. */
const welcomeMostMs = 3_000
const driftMost = driftMostPpm / 1_000_000

/**
 * Sessions that no transaction tells of end in time too, and no earlier: those of servers with `localSessionsEnabled`, and all
 * of read-only ones.
 *
 * 1. Their server gives one up only when nothing of it has arrived there for its timeout.
 * 2. What it gave up long ago it gives to nobody again.
 * 3. When all load and faults have ended, no server still knows one that was silent for its timeout and some time more, nor
 *    one that a transaction has made everybody's.
 */
export class LocalSessions implements Checker {
  readonly name = 'local-sessions'
  readonly reads: Checker['reads'] = [
    'connected',
    'disconnected',
    'arrived',
    'proposed',
    'termStarted',
    'termEnded',
    'serverEnded',
    'sessionExpired',
    'faultsEnded',
    'localSessions',
  ]
  readonly #livesByServer = new Map<string, Map<SessionId, LocalLife>>()
  readonly #lifeByConnection = new Map<number, LocalLife>()
  readonly #global = new Set<SessionId>()
  readonly #expiredAtUs = new Map<SessionId, number>()
  #faultsEndedAtUs = 0

  observe(observation: Observation, atUs: number): string | undefined {
    switch (observation.type) {
      case 'connected':
        return this.#connected(observation, atUs)
      case 'disconnected':
        this.#lifeByConnection.delete(observation.connection)
        return undefined
      case 'arrived':
        if (observation.isFromDialler) this.#arrived(observation.connection, atUs)
        return undefined
      case 'proposed': {
        const { header, body } = observation.txn
        if (body.type === OpCode.createSession) this.#global.add(header.clientId)
        return undefined
      }
      case 'termStarted':
      case 'termEnded':
      case 'serverEnded':
        // Such sessions are those of one term, or of the time between two.
        this.#livesByServer.delete(observation.server)
        return undefined
      case 'sessionExpired':
        return this.#expired(observation, atUs)
      case 'faultsEnded':
        this.#faultsEndedAtUs = atUs
        return undefined
      case 'localSessions':
        return this.#told(observation, atUs)
      default:
        return undefined
    }
  }

  #connected(
    { session, connection, server, timeoutMs }: Connected,
    atUs: number,
  ): string | undefined {
    if (this.#global.has(session)) return undefined
    const expiredAtUs = this.#expiredAtUs.get(session) ?? Infinity
    if (atUs - expiredAtUs > welcomeMostMs * usPerMs)
      return `${server} gives the session ${session} to a client, which had expired`
    const lives = this.#livesByServer.get(server) ?? new Map<SessionId, LocalLife>()
    this.#livesByServer.set(server, lives)
    const life = lives.get(session) ?? { timeoutMs, arrivedAtUs: -Infinity, seenAtUs: atUs }
    lives.set(session, life)
    life.timeoutMs = timeoutMs
    life.seenAtUs = atUs
    this.#lifeByConnection.set(connection, life)
    return undefined
  }

  #arrived(connection: number, atUs: number): void {
    const life = this.#lifeByConnection.get(connection)
    if (life === undefined) return
    life.arrivedAtUs = atUs
    life.seenAtUs = atUs
  }

  #expired({ server, session }: SessionExpired, atUs: number): string | undefined {
    if (this.#global.has(session)) return undefined
    this.#expiredAtUs.set(session, atUs)
    const lives = this.#livesByServer.get(server)
    const life = lives?.get(session)
    lives?.delete(session)
    if (life === undefined) return undefined
    const silentMs = Math.ceil((atUs - life.arrivedAtUs) / usPerMs)
    return silentMs >= life.timeoutMs * (1 - driftMost)
      ? undefined
      : `${server} expires its session ${session} after ${silentMs} ms of silence; its timeout is ${life.timeoutMs} ms`
  }

  #told({ server, sessions }: LocalSessionsTold, atUs: number): string | undefined {
    for (const session of sessions) {
      if (this.#global.has(session))
        return `${server} has the session ${session} for its own, which is everybody's`
      const life = this.#livesByServer.get(server)?.get(session)
      if (life === undefined) continue
      const silentMs = (atUs - Math.max(life.seenAtUs, this.#faultsEndedAtUs)) / usPerMs
      if (silentMs > life.timeoutMs * (1 + driftMost) + latenessMs)
        return `${server} still has its session ${session} after ${Math.floor(silentMs)} ms of silence; its timeout is ${life.timeoutMs} ms`
    }
    return undefined
  }
}
