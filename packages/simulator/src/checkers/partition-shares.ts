import type { SessionId } from '@quorate/protocol'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { ModelNode } from '../history/model-tree.ts'
import type { Observation, ShareTaken } from '../history/observation.ts'
import { SiblingHistory } from '../history/sibling-history.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

interface Share {
  readonly items: readonly string[]
  readonly session: SessionId
}

/**
 * Who shares a set of items with others has its own to itself.
 *
 * 1. Who is given an item is at the front of the line for its lock, in the state that it had seen.
 * 2. Nobody is given an item that another one has not given back, unless the session of that one is over.
 * 3. When nothing has happened for a while, each item is in exactly one share, as long as anybody takes part.
 */
export class PartitionShares implements Checker {
  readonly name = 'partition-shares'
  readonly reads: Checker['reads'] = ['shareTaken', 'shareEnded', 'memberEnded', 'rested', 'ended']
  readonly #committed: CommittedTree
  readonly #siblings: SiblingHistory
  readonly #path: string
  readonly #items: readonly string[]
  readonly #shareByClient = new Map<string, Share>()
  readonly #restedByClient = new Map<string, readonly string[]>()

  constructor(
    committed: CommittedTree,
    { path, items }: { readonly path: string; readonly items: readonly string[] },
  ) {
    this.#committed = committed
    this.#siblings = new SiblingHistory(committed, path)
    this.#path = path
    this.#items = items
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'shareTaken':
        return this.#taken(observation)
      case 'shareEnded':
      case 'memberEnded':
        this.#shareByClient.delete(observation.client)
        return undefined
      case 'rested':
        if (observation.items !== undefined)
          this.#restedByClient.set(observation.client, observation.items)
        return undefined
      case 'ended':
        return this.#ended()
      default:
        return undefined
    }
  }

  #taken({ client, session, items, zxid }: ShareTaken): string | undefined {
    for (const item of items) {
      const front = frontOf(this.#siblings.at(`${this.#path}/locks/${item}`, zxid))
      if (front?.owner !== session)
        return `${client} was given ${item} at ${formatZxid(zxid)} without being first in the line for its lock`
      for (const [other, share] of this.#shareByClient) {
        const isAlive = this.#committed.now.timeoutMsBySession.has(share.session)
        if (other !== client && isAlive && share.items.includes(item))
          return `${client} was given ${item} at ${formatZxid(zxid)}, which ${other} has not given back`
      }
    }
    this.#shareByClient.set(client, { items, session })
    return undefined
  }

  #ended(): string | undefined {
    if (this.#restedByClient.size === 0) return undefined
    for (const item of this.#items) {
      const owners = [...this.#restedByClient].filter(([, items]) => items.includes(item))
      if (owners.length !== 1)
        return `${item} is in the shares of ${owners.length} in the end: ${owners.map(([client]) => client).join(', ')}`
    }
    return undefined
  }
}

/** Of those who want a lock in kazoo's layout. */
function frontOf(line: ReadonlyMap<string, ModelNode>): ModelNode | undefined {
  let front: { readonly number: number; readonly node: ModelNode } | undefined
  for (const [path, node] of line) {
    const number = Number(path.slice(-10))
    if (front === undefined || number < front.number) front = { number, node }
  }
  return front?.node
}
