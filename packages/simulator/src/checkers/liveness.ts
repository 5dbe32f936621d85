import { ErrorCode } from '@quorate/protocol'
import { isLinearizable, isWrite, type Operation } from '../client/operation.ts'
import type { Observation } from '../history/observation.ts'
import { usPerMs } from '../world.ts'
import type { Checker } from './checker.ts'

/** When the faults are over, every client gets something answered before long that needs a quorum: a write, or a read behind a barrier. */
export class Liveness implements Checker {
  readonly name = 'liveness'
  readonly #boundMs: number
  readonly #waiting = new Set<string>()
  #faultsEndedAtUs = 0

  constructor(boundMs: number) {
    this.#boundMs = boundMs
  }

  observe(observation: Observation, atUs: number): string | undefined {
    switch (observation.type) {
      case 'faultsEnded':
        this.#faultsEndedAtUs = atUs
        for (const client of observation.clients) this.#waiting.add(client)
        return undefined
      case 'replied': {
        const { operation, err, client } = observation
        const isRefused = err === ErrorCode.SessionExpired || err === ErrorCode.NotReadOnly
        if (operation !== undefined && needsQuorum(operation) && !isRefused)
          this.#waiting.delete(client)
        return undefined
      }
      default:
        return this.#isLate(atUs) || observation.type === 'ended' ? this.#problem() : undefined
    }
  }

  #isLate(atUs: number): boolean {
    return this.#waiting.size > 0 && atUs - this.#faultsEndedAtUs > this.#boundMs * usPerMs
  }

  #problem(): string | undefined {
    if (this.#waiting.size === 0) return undefined
    return `within ${this.#boundMs} ms after the last fault no write or barrier was answered for ${[...this.#waiting].join(', ')}`
  }
}

function needsQuorum(operation: Operation): boolean {
  return isWrite(operation) || operation.type === 'sync' || isLinearizable(operation)
}
