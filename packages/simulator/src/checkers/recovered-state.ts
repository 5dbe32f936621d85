import { purePlatform, type Zxid } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { Observation } from '../history/observation.ts'
import { digestOf, type NodeView, type TreeView } from '../history/tree-view.ts'
import { CommittedCursor, formatZxid } from '../history/txn-history.ts'
import { type Checker, committingTypes } from './checker.ts'

/**
 * Every state that is seen, at a start, after a load or at the end, is what the history makes of an empty tree.
 *
 * 1. Trees of equal zxid have equal digests on all servers, and that which the history gives a tree of the real kind. What
 *    is not committed is compared once it is.
 * 2. A state at the end of the history is that of a plain model, node by node and session by session.
 * 3. No transaction's own digest differs from the tree's.
 * 4. In the end the servers that serve have one state, and it is the whole history.
 */
export class RecoveredState implements Checker {
  readonly name = 'recovered-state'
  readonly reads: Checker['reads'] = [...committingTypes, 'digestMismatched', 'digest', 'settled']
  readonly #committed: CommittedTree
  readonly #cursor: CommittedCursor
  readonly #tree: Tree
  readonly #digests = new Map<Zxid, string>()
  /** Told of a transaction that was not committed then. */
  readonly #early = new Map<Zxid, { readonly server: string; readonly digest: string }>()
  #mismatchZxid: number | undefined

  constructor(committed: CommittedTree) {
    this.#committed = committed
    this.#cursor = new CommittedCursor(committed.history)
    this.#tree = new Tree({
      platform: purePlatform,
      extendedTypesEnabled: true,
      digestMismatched: ({ zxid }) => {
        this.#mismatchZxid = zxid
      },
    })
    this.#tree.createSystemNodes()
    this.#digests.set(0, digestOf(this.#tree))
  }

  observe(observation: Observation): string | undefined {
    return this.#advance() ?? this.#look(observation)
  }

  #look(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'digestMismatched':
        return `${observation.server} finds another digest after ${formatZxid(observation.zxid)} than the transaction has`
      case 'digest':
        return this.#compareDigest(observation)
      case 'recovered':
      case 'loaded':
        return this.#compare(observation.server, observation.view)
      case 'settled':
        return observation.isServing ? this.#settled(observation) : undefined
      default:
        return undefined
    }
  }

  #advance(): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { zxid, bytes } = next
      this.#tree.apply(bytes, 0, bytes.length)
      if (this.#mismatchZxid !== undefined)
        return `the digest of transaction ${formatZxid(this.#mismatchZxid)} is not that of the tree after it`
      const digest = digestOf(this.#tree)
      this.#digests.set(zxid, digest)
      const early = this.#early.get(zxid)
      if (early === undefined) continue
      this.#early.delete(zxid)
      if (early.digest !== digest) return digestProblem({ ...early, zxid, expected: digest })
    }
    return undefined
  }

  #settled({
    server,
    view,
  }: {
    readonly server: string
    readonly view: TreeView
  }): string | undefined {
    const { zxid } = this.#committed.history.lastCommitted
    return view.lastZxid === zxid
      ? this.#compare(server, view)
      : `${server} ends with ${formatZxid(view.lastZxid)}; the history ends at ${formatZxid(zxid)}`
  }

  #compare(server: string, view: TreeView): string | undefined {
    const { lastZxid, digest } = view
    const model = this.#committed.now
    const problem =
      lastZxid === model.lastZxid
        ? (nodesProblem(model.nodes, view.nodes) ??
          timeoutsProblem(model.timeoutMsBySession, view.timeoutMsBySession))
        : undefined
    return problem === undefined
      ? this.#compareDigest({ server, zxid: lastZxid, digest })
      : `${server} came back wrong: ${problem}`
  }

  #compareDigest(told: {
    readonly server: string
    readonly zxid: Zxid
    readonly digest: string
  }): string | undefined {
    const { server, zxid, digest } = told
    const expected = this.#digests.get(zxid) ?? this.#early.get(zxid)?.digest
    if (expected === undefined) this.#early.set(zxid, { server, digest })
    return expected === undefined || expected === digest
      ? undefined
      : digestProblem({ ...told, expected })
  }
}

function digestProblem(problem: {
  readonly server: string
  readonly zxid: Zxid
  readonly digest: string
  readonly expected: string
}): string {
  const { server, zxid, digest, expected } = problem
  return `${server} has a wrong tree at ${formatZxid(zxid)}: its digest is ${digest}; expected is ${expected}`
}

function timeoutsProblem(
  all: TreeView['timeoutMsBySession'],
  seen: TreeView['timeoutMsBySession'],
): string | undefined {
  for (const id of new Set([...all.keys(), ...seen.keys()])) {
    const [expected, found] = [all.get(id), seen.get(id)]
    if (expected !== found) return `session ${id} has the timeout ${found}; expected is ${expected}`
  }
  return undefined
}

function nodesProblem(
  all: ReadonlyMap<string, NodeView>,
  seen: ReadonlyMap<string, NodeView>,
): string | undefined {
  for (const path of new Set([...all.keys(), ...seen.keys()])) {
    const problem = nodeProblem(path, all.get(path), seen.get(path))
    if (problem !== undefined) return problem
  }
  return undefined
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
  for (const field of Object.keys(found) as (keyof NodeView)[]) {
    if (expected[field] !== found[field])
      return `${field} of ${path} is ${found[field]}; expected is ${expected[field]}`
  }
  return undefined
}
