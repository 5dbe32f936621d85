import type { CommittedTree } from '../history/committed-tree.ts'
import { firstState } from '../history/node-states.ts'
import type { ModelNode } from '../history/model-tree.ts'
import type {
  BarrierEntered,
  BarrierLeft,
  BarrierTold,
  Observation,
} from '../history/observation.ts'
import { SiblingHistory } from '../history/sibling-history.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * Nobody passes a barrier that holds it up.
 *
 * 1. Who waited for a barrier to go, or has taken it away, did so at a time at which there was none; who has put it up, while it
 *    stood.
 * 2. Who has entered a double barrier has done so after as many members were in it together as it is for.
 * 3. Who has left one has done so when nobody else was in it any more.
 */
export class BarrierPassages implements Checker {
  readonly name = 'barrier-passages'
  readonly reads: Checker['reads'] = ['barrierTold', 'barrierEntered', 'barrierLeft']
  readonly #committed: CommittedTree
  readonly #siblings: SiblingHistory

  /** @param root the node above all double barriers */
  constructor(committed: CommittedTree, { root }: { readonly root: string }) {
    this.#committed = committed
    this.#siblings = new SiblingHistory(committed, root)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'barrierTold':
        return this.#told(observation)
      case 'barrierEntered':
        return this.#entered(observation)
      case 'barrierLeft':
        return this.#left(observation)
      default:
        return undefined
    }
  }

  #told({ client, path, isUp, from }: BarrierTold): string | undefined {
    const { now } = this.#committed
    const states = now.statesOf(path)
    const to = now.lastZxid
    const isSo = (node: ModelNode | undefined): boolean => (node !== undefined) === isUp
    if (firstState(states, { from, to }, isSo) !== undefined) return undefined
    const between = `between ${formatZxid(from)} and ${formatZxid(to)}`
    return `${client} was told that ${path} ${isUp ? 'stands' : 'is gone'}, and ${between} it never was so`
  }

  #entered({ client, path, memberCount }: BarrierEntered): string | undefined {
    const to = this.#committed.now.lastZxid
    const isFull = (nodes: ReadonlyMap<string, ModelNode>): boolean =>
      membersOf(path, nodes).length >= memberCount
    if (this.#siblings.wasSo(path, { from: 0, to }, isFull)) return undefined
    return `${client} has entered ${path} by ${formatZxid(to)}, and ${memberCount} were never in it`
  }

  #left({ client, path, session, from }: BarrierLeft): string | undefined {
    const to = this.#committed.now.lastZxid
    const isEmpty = (nodes: ReadonlyMap<string, ModelNode>): boolean =>
      membersOf(path, nodes).every(({ owner }) => owner === session)
    if (this.#siblings.wasSo(path, { from, to }, isEmpty)) return undefined
    return `${client} has left ${path} between ${formatZxid(from)} and ${formatZxid(to)}, and others were in it all the time`
  }
}

function membersOf(path: string, nodes: ReadonlyMap<string, ModelNode>): readonly ModelNode[] {
  return [...nodes].filter(([child]) => child !== `${path}/ready`).map(([, node]) => node)
}
