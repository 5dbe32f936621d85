import type { Zxid } from '@quorate/protocol'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { Observation } from '../history/observation.ts'
import { formatZxid } from '../history/txn-history.ts'
import { contendedRoot } from '../workload/contended.ts'
import type { Checker } from './checker.ts'

/**
 * Who gives up waiting, or has given back what it held, leaves nothing behind that others would wait for: at the end no node stands
 * in a line that stood there when the last fault ended. Several locks are held together or not at all, so this goes for each of them.
 *
 * (Nobody waits or holds as long as the rest of a run is, and the sessions of those who were killed have expired.)
 */
export class LockLeftovers implements Checker {
  readonly name = 'lock-leftovers'
  readonly reads: Checker['reads'] = ['faultsEnded', 'settled']
  readonly #committed: CommittedTree
  #faultsEndedAt: Zxid = 0

  constructor(committed: CommittedTree) {
    this.#committed = committed
  }

  observe(observation: Observation): string | undefined {
    if (observation.type === 'faultsEnded') this.#faultsEndedAt = this.#committed.now.lastZxid
    if (observation.type !== 'settled') return undefined
    for (const [path, { czxid }] of observation.view.nodes)
      if (isInLine(path) && czxid <= this.#faultsEndedAt)
        return `on ${observation.server} ${path} is left behind, from ${formatZxid(czxid)}`
    return undefined
  }
}

function isInLine(path: string): boolean {
  return path.startsWith(`${contendedRoot}/`) && /\d{10}$/.test(path)
}
