import type { Granted, Observation } from '../history/observation.ts'
import type { CommittedTree } from '../history/committed-tree.ts'
import { formatZxid } from '../history/txn-history.ts'
import { holdersMost } from '../workload/contended.ts'
import type { Checker } from './checker.ts'

/** More of them than can still be there are not kept. */
const grantsKept = 64

/**
 * Locks, leases and leaderships are granted to no more than may hold them together.
 *
 * Who was granted something holds it as long as its node is in the committed tree. So at the state that it had seen when
 * it was granted the lock
 *
 * 1. nobody else held it, or no more than the leases of a semaphore;
 * 2. nobody but readers held it beside a reader.
 *
 * A holder that was cut off may go on by its own account: what it can still do is the concern of {@link FencingTokens}.
 */
export class LockExclusion implements Checker {
  readonly name = 'lock-exclusion'
  readonly reads: Checker['reads'] = ['granted']
  readonly #committed: CommittedTree
  readonly #grantsByLock = new Map<string, Granted[]>()

  constructor(committed: CommittedTree) {
    this.#committed = committed
  }

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'granted') return undefined
    const { lock } = observation
    const grants = this.#grantsByLock.get(lock) ?? []
    this.#grantsByLock.set(lock, grants)
    grants.push(observation)
    if (grants.length > grantsKept) grants.shift()
    // Who was told later may have seen more: so earlier grants are looked at again, in the states that they had seen.
    for (const { zxid } of grants) {
      if (zxid < observation.zxid) continue
      const problem = this.#problemAt(lock, grants, zxid)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #problemAt(lock: string, grants: readonly Granted[], zxid: number): string | undefined {
    const holders = grants.filter(
      (grant) => grant.zxid <= zxid && this.#committed.nodeAt(grant.path, zxid) !== undefined,
    )
    const most = Math.min(...holders.map(({ path }) => holdersMost(lock, path)))
    if (holders.length <= most) return undefined
    const names = holders.map(({ client, path }) => `${client} by ${path}`).join(' and ')
    return `${lock} is held at ${formatZxid(zxid)} by more than ${most}: ${names}`
  }
}
