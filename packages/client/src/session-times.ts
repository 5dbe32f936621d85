/**
 * When a session has to do something: by the clock, by when its server was heard, and by how far it has come with its link.
 *
 * 1. A server that was not asked need not have answered: after a stall of this process it is asked first.
 * 2. What a server says may have waited here for long: what it confirms is that it lived when it was asked.
 * 3. A leader expires a session after its timeout, and hears of it with a delay; after 4/3 of the timeout it is surely over
 *    (ZOOKEEPER-4508).
 */
import type { Connection } from './connection.ts'
import type { SessionPhase } from './session-phase.ts'

/** `dialOver`: the server has not taken the session in time. `silent`: the server does not answer any more. */
export type Due = 'dial' | 'dialOver' | 'giveUp' | 'ping' | 'silent'

/** A dial may take this part of the timeout, so that several fit in before the session is given up. */
const dialsPerTimeout = 3

export class SessionTimes {
  /** The negotiated timeout, or the wanted one before there is a session. */
  timeoutMs: number
  /** When a server was last heard; before there is a session, when one was first asked for. */
  lastHeardAtMs = 0
  /** When the latest request went out that a server has answered; 0 before there is a session. */
  confirmedAtMs = 0

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs
  }

  /** How long a server may take to take the session, where there are so many to try. */
  dialMs(serverCount: number): number {
    return this.timeoutMs / Math.max(dialsPerTimeout, serverCount)
  }

  /** The next moment at which something may be due; undefined: nothing will be. */
  nextAtMs(phase: SessionPhase): number | undefined {
    if (phase.type === 'linked')
      return Math.min(this.#pingAtMs(phase.connection), this.#silentAtMs(phase.connection))
    const isTrying = phase.type !== 'unlinked' && phase.type !== 'ended'
    return isTrying ? Math.min(phase.untilMs, this.#giveUpAtMs()) : undefined
  }

  due(phase: SessionPhase, nowMs: number): Due | undefined {
    switch (phase.type) {
      case 'unlinked':
      case 'ended':
        return undefined
      case 'linked':
        if (nowMs >= this.#silentAtMs(phase.connection)) return 'silent'
        return nowMs >= this.#pingAtMs(phase.connection) ? 'ping' : undefined
      default:
        if (nowMs >= this.#giveUpAtMs()) return 'giveUp'
        if (nowMs < phase.untilMs) return undefined
        return phase.type === 'pausing' ? 'dial' : 'dialOver'
    }
  }

  #pingAtMs(connection: Connection): number {
    return connection.lastSentAtMs + this.timeoutMs / 3
  }

  #silentAtMs(connection: Connection): number {
    return Math.max(
      this.lastHeardAtMs + (this.timeoutMs * 2) / 3,
      connection.askedAtMs + this.timeoutMs / 3,
    )
  }

  #giveUpAtMs(): number {
    return this.lastHeardAtMs + (this.timeoutMs * 4) / 3
  }
}
