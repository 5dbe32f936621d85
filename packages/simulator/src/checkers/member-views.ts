import type { Zxid } from '@quorate/protocol'
import type { CommittedTree } from '../history/committed-tree.ts'
import { firstState } from '../history/node-states.ts'
import type { Looked, Observation, Rested } from '../history/observation.ts'
import { SiblingHistory } from '../history/sibling-history.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/** What a process has seen of what is below a parent. */
interface View {
  /** The last transaction that was committed when it asked last. */
  askedAt: Zxid
  /** The number of the state in which it saw each node last, by path. */
  readonly stateByPath: Map<string, number>
}

/**
 * Who looks at a group, or at the instances of a service, sees what is there.
 *
 * 1. Each member is seen as it was at some time, or not seen as it was not there at some time: never as it was to become, and never
 *    again as it was before what was seen last.
 * 2. What answers a question is no older than the question.
 * 3. When nothing has happened for a while, everybody sees what is there: neither more nor less.
 */
export class MemberViews implements Checker {
  readonly name = 'member-views'
  readonly reads: Checker['reads'] = ['lookBegun', 'looked', 'memberEnded', 'rested']
  readonly #committed: CommittedTree
  readonly #siblings: SiblingHistory
  readonly #viewsByClient = new Map<string, Map<string, View>>()

  constructor(committed: CommittedTree, options: { readonly root: string }) {
    this.#committed = committed
    this.#siblings = new SiblingHistory(committed, options.root)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'lookBegun':
        this.#viewOf(observation).askedAt = this.#committed.now.lastZxid
        return undefined
      case 'looked':
        return this.#looked(observation)
      case 'memberEnded':
        this.#viewsByClient.delete(observation.client)
        return undefined
      case 'rested':
        return this.#rested(observation)
      default:
        return undefined
    }
  }

  #viewOf({ client, parent }: { readonly client: string; readonly parent: string }): View {
    const views = this.#viewsByClient.get(client) ?? new Map<string, View>()
    this.#viewsByClient.set(client, views)
    const view = views.get(parent) ?? { askedAt: 0, stateByPath: new Map<string, number>() }
    views.set(parent, view)
    return view
  }

  #looked(looked: Looked): string | undefined {
    const { client, parent, values, isAnswer } = looked
    const { askedAt, stateByPath } = this.#viewOf(looked)
    const tree = this.#committed.now
    const from = isAnswer ? askedAt : 0
    const to = tree.lastZxid
    for (const path of new Set([...this.#siblings.everBelow(parent), ...values.keys()])) {
      const value = values.get(path)
      const isSo = (node: { readonly data: string | null } | undefined): boolean =>
        node === undefined ? value === undefined : (node.data ?? '') === value
      const last = stateByPath.get(path) ?? 0
      const state = firstState(tree.statesOf(path), { from, to }, isSo, last)
      if (state === undefined) {
        const between = `between ${formatZxid(from)} and ${formatZxid(to)}`
        return `${client} sees ${value ?? 'nothing'} in ${path}, which that was not ${between}, or only before what it has seen`
      }
      stateByPath.set(path, state)
    }
    return undefined
  }

  #rested({ client, views }: Rested): string | undefined {
    for (const [parent, seen] of views) {
      const children = this.#siblings.at(parent, this.#committed.now.lastZxid)
      for (const [path, { data }] of children) {
        if (!seen.has(path)) return `${client} does not see ${path} in the end`
        const value = seen.get(path)
        if (value !== undefined && value !== (data ?? ''))
          return `${client} sees ${value} in ${path} in the end, which holds ${data}`
      }
      for (const path of seen.keys())
        if (!children.has(path)) return `${client} sees ${path} in the end, which is not there`
    }
    return undefined
  }
}
