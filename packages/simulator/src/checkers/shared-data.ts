import type { CommittedTree } from '../history/committed-tree.ts'
import type { Copied, Observation, Settled, TakeEnded } from '../history/observation.ts'
import type { TreeView } from '../history/tree-view.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

interface Items {
  readonly offered: Set<string>
  readonly put: Set<string>
  /** By item, who has surely taken it. */
  readonly takenBy: Map<string, string>
  /** Taken by somebody who cannot say whether it was them. */
  readonly inDoubt: Set<string>
  /** Takes of which nobody can say what they took: their processes were killed, or their sessions lost. */
  lostTakeCount: number
  openTakeCounts: Map<string, number>
}

/**
 * The recipes for data keep what they promise.
 *
 * 1. No item of a queue is taken by two, and none that was never put.
 * 2. In the end each item that was surely put is in the queue or was taken; as many may be missing as takes were under way when
 *    their processes were killed. What was surely taken is not in the queue.
 * 3. A counter ends between the number of increments that are sure and that of those that may have been made.
 * 4. A copy that is exact is the tree at its transaction, neither more nor less.
 */
export class SharedData implements Checker {
  readonly name = 'shared-data'
  readonly reads: Checker['reads'] = [
    'itemOffered',
    'itemPut',
    'takeBegun',
    'takeEnded',
    'counted',
    'copied',
    'dataClientEnded',
    'settled',
  ]
  readonly #committed: CommittedTree
  readonly #counterPath: string
  readonly #itemsByQueue = new Map<string, Items>()
  #sureCount = 0
  #unsureCount = 0
  #openCount = 0

  constructor(committed: CommittedTree, { counterPath }: { readonly counterPath: string }) {
    this.#committed = committed
    this.#counterPath = counterPath
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'itemOffered':
        this.#items(observation.queue).offered.add(observation.item)
        return undefined
      case 'itemPut':
        this.#items(observation.queue).put.add(observation.item)
        return undefined
      case 'takeBegun':
        this.#open(observation.queue, observation.client, 1)
        return undefined
      case 'takeEnded':
        return this.#taken(observation)
      case 'counted':
        if (observation.isSure) this.#sureCount++
        else this.#unsureCount++
        return undefined
      case 'copied':
        return this.#copied(observation)
      case 'dataClientEnded':
        return this.#ended(observation.client)
      case 'settled':
        return this.#settled(observation)
      default:
        return undefined
    }
  }

  #items(queue: string): Items {
    let items = this.#itemsByQueue.get(queue)
    if (items === undefined) {
      items = {
        offered: new Set(),
        put: new Set(),
        takenBy: new Map(),
        inDoubt: new Set(),
        lostTakeCount: 0,
        openTakeCounts: new Map(),
      }
      this.#itemsByQueue.set(queue, items)
    }
    return items
  }

  #open(queue: string, client: string, by: 1 | -1): void {
    const { openTakeCounts } = this.#items(queue)
    openTakeCounts.set(client, (openTakeCounts.get(client) ?? 0) + by)
  }

  /** A killed process may have counted without a word as well. */
  #ended(client: string): undefined {
    this.#openCount++
    for (const items of this.#itemsByQueue.values()) {
      items.lostTakeCount += items.openTakeCounts.get(client) ?? 0
      items.openTakeCounts.delete(client)
    }
    return undefined
  }

  #taken({ client, queue, item, isSure }: TakeEnded): string | undefined {
    const items = this.#items(queue)
    this.#open(queue, client, -1)
    if (item === undefined) {
      // What a take has begun to take when it is given up is kept for the next one of the same session.
      if (!isSure) items.lostTakeCount++
      return undefined
    }
    if (!items.offered.has(item)) return `${client} has taken ${item}, which nobody has put`
    if (!isSure) {
      items.inDoubt.add(item)
      return undefined
    }
    const other = items.takenBy.get(item)
    items.takenBy.set(item, client)
    return other === undefined ? undefined : `${item} was taken by ${other} and by ${client}`
  }

  #copied({ client, root, zxid, values }: Copied): string | undefined {
    const at = `the copy of ${client} at ${formatZxid(zxid)}`
    const childCounts = new Map<string, number>()
    for (const [path, value] of values) {
      const node = this.#committed.nodeAt(path, zxid)
      if (node === undefined) return `${at} has ${path}, which is not there`
      if ((node.data ?? '') !== value)
        return `${at} has ${value} in ${path}, which holds ${node.data}`
      const parent = path.slice(0, path.lastIndexOf('/'))
      childCounts.set(parent, (childCounts.get(parent) ?? 0) + 1)
    }
    if (values.size === 0 && this.#committed.nodeAt(root, zxid) !== undefined)
      return `${at} is empty, and ${root} is there`
    for (const path of values.keys()) {
      const { childCount } = this.#committed.nodeAt(path, zxid)!
      const copied = childCounts.get(path) ?? 0
      if (copied !== childCount) return `${at} has ${copied} of ${childCount} children of ${path}`
    }
    return undefined
  }

  #settled({ server, view }: Settled): string | undefined {
    for (const [queue, items] of this.#itemsByQueue) {
      const problem = queueProblem(queue, items, view)
      if (problem !== undefined) return `on ${server} ${problem}`
    }
    const value = Number(view.nodes.get(this.#counterPath)?.data ?? '0')
    const most = this.#sureCount + this.#unsureCount + this.#openCount
    return value >= this.#sureCount && value <= most
      ? undefined
      : `on ${server} the counter is at ${value}, after ${this.#sureCount} to ${most} increments`
  }
}

function queueProblem(queue: string, items: Items, view: TreeView): string | undefined {
  const waiting = new Set<string>()
  for (const [path, { data }] of view.nodes)
    if (path.startsWith(`${queue}/`) && /-\d{10}$/.test(path) && !path.includes('/taken/'))
      waiting.add(data ?? '')
  for (const item of waiting)
    if (items.takenBy.has(item)) return `${item} waits in ${queue} and was taken`
  const missing = [...items.put].filter(
    (item) => !waiting.has(item) && !items.takenBy.has(item) && !items.inDoubt.has(item),
  )
  return missing.length <= items.lostTakeCount
    ? undefined
    : `${missing.length} items of ${queue} are lost, ${missing[0]} the first, and ${items.lostTakeCount} takes are in doubt`
}
