/** Which of the instances that may be used is used next. */
import type { Random } from '@quorate/client/core'
import type { ServiceInstance } from './service-instance.ts'

/** One instance, with how many jobs it has from here at the moment. */
export interface Candidate<P> {
  readonly instance: ServiceInstance<P>
  readonly inFlightCount: number
}

/** `candidates` are at least one, ordered by id. */
export type Strategy<P> = (candidates: readonly Candidate<P>[]) => ServiceInstance<P>

/**
 * - `roundRobin`: one after the other.
 * - `random`: any.
 * - `leastUsed`: the one with the fewest jobs from here, and among those one after the other.
 * - `sticky`: the same as long as it may be used, and then any.
 */
export type StrategyChoice<P> = 'roundRobin' | 'random' | 'leastUsed' | 'sticky' | Strategy<P>

export function strategyOf<P>(choice: StrategyChoice<P>, random: Random): Strategy<P> {
  switch (choice) {
    case 'roundRobin':
      return roundRobin()
    case 'random':
      return anyOf(random)
    case 'leastUsed':
      return leastUsed()
    case 'sticky':
      return sticky(random)
    default:
      return choice
  }
}

/** Goes by ids, not by positions: an instance that comes or goes does not make others be left out or used twice. */
function roundRobin<P>(): Strategy<P> {
  let last: string | undefined
  return (candidates) => {
    const ids = candidates.map(({ instance }) => instance.id)
    const at = last === undefined ? 0 : ids.findIndex((id) => id > last!)
    const { instance } = candidates[Math.max(0, at)]!
    last = instance.id
    return instance
  }
}

function anyOf<P>(random: Random): Strategy<P> {
  return (candidates) => candidates[Math.floor(random.next() * candidates.length)]!.instance
}

function leastUsed<P>(): Strategy<P> {
  const next = roundRobin<P>()
  return (candidates) => {
    const least = Math.min(...candidates.map(({ inFlightCount }) => inFlightCount))
    return next(candidates.filter(({ inFlightCount }) => inFlightCount === least))
  }
}

function sticky<P>(random: Random): Strategy<P> {
  const any = anyOf<P>(random)
  let id: string | undefined
  return (candidates) => {
    const kept = candidates.find(({ instance }) => instance.id === id)
    const instance = kept?.instance ?? any(candidates)
    id = instance.id
    return instance
  }
}
