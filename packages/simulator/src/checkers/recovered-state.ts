import { purePlatform } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import { ModelTree } from '../history/model-tree.ts'
import type { Observation } from '../history/observation.ts'
import { type NodeView, type TreeView, viewTree } from '../history/tree-view.ts'
import type { Checker } from './checker.ts'

/**
 * What a server finds on its disk is what the history makes of an empty tree: in a plain model, node by node, and in a tree
 * of the real kind, by its digest. No transaction's own digest differs from the tree's.
 */
export class RecoveredState implements Checker {
  readonly name = 'recovered-state'
  readonly #model = new ModelTree()
  readonly #tree: Tree
  #mismatchZxid: number | undefined

  constructor() {
    this.#tree = new Tree({
      platform: purePlatform,
      extendedTypesEnabled: true,
      digestMismatched: ({ zxid }) => {
        this.#mismatchZxid = zxid
      },
    })
    this.#tree.createSystemNodes()
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'applied': {
        const { bytes, txn } = observation
        if (this.#model.apply(txn)) this.#tree.apply(bytes, 0, bytes.length)
        return this.#mismatchZxid === undefined
          ? undefined
          : `the digest of transaction ${this.#mismatchZxid} is not that of the tree after it`
      }
      case 'digestMismatched':
        return `${observation.server} finds another digest after ${observation.zxid} than the transaction has`
      case 'recovered': {
        const problem = this.#compare(observation.view)
        return problem === undefined
          ? undefined
          : `${observation.server} came back wrong: ${problem}`
      }
      default:
        return undefined
    }
  }

  #compare(view: TreeView): string | undefined {
    if (view.lastZxid !== this.#model.lastZxid)
      return `its last transaction is ${view.lastZxid}; the history ends at ${this.#model.lastZxid}`
    const { nodes, timeoutMsBySession } = this.#model
    for (const path of new Set([...nodes.keys(), ...view.nodes.keys()])) {
      const problem = nodeProblem(path, nodes.get(path), view.nodes.get(path))
      if (problem !== undefined) return problem
    }
    for (const id of new Set([...timeoutMsBySession.keys(), ...view.timeoutMsBySession.keys()])) {
      const [expected, found] = [timeoutMsBySession.get(id), view.timeoutMsBySession.get(id)]
      if (expected !== found)
        return `session ${id} has the timeout ${found}; expected is ${expected}`
    }
    const { digest } = viewTree(this.#tree)
    return view.digest === digest
      ? undefined
      : `its digest is ${view.digest}; expected is ${digest}`
  }
}

function nodeProblem(
  path: string,
  expected: NodeView | undefined,
  found: NodeView | undefined,
): string | undefined {
  if (expected === undefined || found === undefined)
    return expected === found
      ? undefined
      : `${path} is ${found === undefined ? 'missing' : 'there and should not be'}`
  for (const field of Object.keys(expected) as (keyof NodeView)[]) {
    if (expected[field] !== found[field])
      return `${field} of ${path} is ${found[field]}; expected is ${expected[field]}`
  }
  return undefined
}
