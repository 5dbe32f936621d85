import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/** The replies of a connection come in the order of its requests, one for each. */
export class ReplyOrder implements Checker {
  readonly name = 'reply-order'
  readonly reads: Checker['reads'] = ['invoked', 'replied', 'disconnected']
  readonly #unanswered = new Map<number, number[]>()

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'invoked':
        this.#of(observation.connection).push(observation.xid)
        return undefined
      case 'replied': {
        const { client, connection, xid } = observation
        const expected = this.#of(connection).shift()
        if (expected === xid) return undefined
        return `${client} got the reply to ${xid} on n${connection} when ${expected === undefined ? 'none' : `that to ${expected}`} was due`
      }
      case 'disconnected':
        this.#unanswered.delete(observation.connection)
        return undefined
      default:
        return undefined
    }
  }

  #of(connection: number): number[] {
    const known = this.#unanswered.get(connection)
    if (known !== undefined) return known
    const unanswered: number[] = []
    this.#unanswered.set(connection, unanswered)
    return unanswered
  }
}
