import type { Observation, TermStarted } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/**
 * Epochs and their leaders.
 *
 * 1. An epoch has one leader, and is led once.
 * 2. A server's epochs grow: it never has a term in an epoch below one that it had a term in, not even over restarts, and
 *    leads only an epoch that is new to it.
 * 3. Nobody follows or observes in an epoch before it has a leader.
 * 4. A server has one term at a time.
 */
export class LeaderEpochs implements Checker {
  readonly name = 'leader-epochs'
  readonly reads: Checker['reads'] = ['termStarted', 'termEnded', 'serverEnded']
  readonly #leaderByEpoch = new Map<number, string>()
  readonly #lastEpochByServer = new Map<string, number>()
  readonly #terms = new Map<string, TermStarted>()

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'termStarted': {
        const problem = this.#started(observation)
        return problem === undefined ? undefined : `${observation.server} ${problem}`
      }
      case 'termEnded':
        this.#terms.delete(observation.server)
        return undefined
      case 'serverEnded':
        this.#terms.delete(observation.server)
        if (observation.losesDisk) this.#lastEpochByServer.delete(observation.server)
        return undefined
      default:
        return undefined
    }
  }

  #started(started: TermStarted): string | undefined {
    const { server, role, epoch } = started
    const present = this.#terms.get(server)
    if (present !== undefined) return `is ${role} and still ${present.role}`
    this.#terms.set(server, started)
    const last = this.#lastEpochByServer.get(server) ?? 0
    this.#lastEpochByServer.set(server, Math.max(last, epoch))
    if (epoch < last) return `is ${role} in epoch ${epoch} after a term in ${last}`
    const leader = this.#leaderByEpoch.get(epoch)
    if (role !== 'leading')
      return leader === undefined ? `is ${role} in epoch ${epoch}, which nobody leads` : undefined
    if (leader !== undefined) return `leads epoch ${epoch}, which ${leader} led`
    this.#leaderByEpoch.set(epoch, server)
    return epoch > last ? undefined : `leads epoch ${epoch}, in which it had a term before`
  }
}
