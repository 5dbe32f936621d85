import { ErrorCode, type Stat, utf8Encode, type Zxid } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { ModelNode } from '../history/model-tree.ts'
import type { Observation, Replied } from '../history/observation.ts'
import { charsOf, isSessionOwner } from '../history/tree-view.ts'
import { formatZxid } from '../history/txn-history.ts'
import { stepsOf } from '../history/txn-steps.ts'
import type { Checker } from './checker.ts'

/**
 * Every answer shows the tree at the zxid of its reply, to the last field. With zxid-order this is sequential consistency:
 * sessions see one history, never go back in it, and see what they have written.
 *
 * 1. A node is found exactly if it was there then, with the data and the stat that it had.
 * 2. A list of children names exactly those that were there.
 * 3. A write's own stat is that of the node right after it.
 * 4. A read-only server shows the same of what was committed. What its log has behind that may never be; nodes that are touched
 *    there are passed over.
 */
export class ReadState implements Checker {
  readonly name = 'read-state'
  readonly reads: Checker['reads'] = ['connected', 'replied']
  readonly #committed: CommittedTree
  readonly #readOnlyConnections = new Set<number>()

  constructor(committed: CommittedTree) {
    this.#committed = committed
  }

  observe(observation: Observation): string | undefined {
    if (observation.type === 'connected' && observation.isReadOnly === true)
      this.#readOnlyConnections.add(observation.connection)
    if (observation.type !== 'replied') return undefined
    const problem = this.#readOnlyConnections.has(observation.connection)
      ? this.#readOnlyProblem(observation)
      : this.#problem(observation)
    return problem === undefined
      ? undefined
      : `${observation.client} is answered ${observation.xid} at ${formatZxid(observation.zxid)}: ${problem}`
  }

  #readOnlyProblem(reply: Replied): string | undefined {
    const path = reply.operation === undefined ? undefined : readPath(reply.operation)
    let entry = this.#committed.history.entryOf(reply.zxid)
    for (; entry !== undefined && entry.position < 0; entry = entry.parent) {
      const steps = entry.txn === undefined ? [] : stepsOf(entry.txn)
      if (steps.some((step) => step.path === path)) return undefined
    }
    return entry === undefined ? undefined : this.#problem({ ...reply, zxid: entry.zxid })
  }

  #problem({ operation, err, answer, zxid }: Replied): string | undefined {
    const path = operation === undefined ? undefined : readPath(operation)
    if (path === undefined || path === '/' || path.startsWith('/zookeeper')) return undefined
    const node = this.#committed.nodeAt(path, zxid)
    if (err === ErrorCode.NoNode && operation?.type !== 'setData')
      return node === undefined ? undefined : `${path} is there since ${formatZxid(node.czxid)}`
    if (err !== ErrorCode.Ok) return undefined
    if (node === undefined) return `${path} is shown and is not there`
    const { data, stat, children } = answer
    return (
      (data === undefined || isSameData(data, node.data)
        ? undefined
        : `the data of ${path} is ${data}, which is not that of version ${node.version}`) ??
      (stat === undefined ? undefined : statProblem(path, node, stat)) ??
      (children === undefined ? undefined : this.#childrenProblem(path, node, children, zxid))
    )
  }

  #childrenProblem(
    path: string,
    node: ModelNode,
    children: readonly string[],
    zxid: Zxid,
  ): string | undefined {
    if (new Set(children).size !== children.length || children.length !== node.childCount)
      return `${path} is shown with ${children.length} children and has ${node.childCount}`
    const stranger = children.find(
      (child) => this.#committed.nodeAt(`${path}/${child}`, zxid) === undefined,
    )
    return stranger === undefined ? undefined : `${path} has no child ${stranger}`
  }
}

/** Whether the text is that of the bytes, which are a char each. Of ASCII, as nearly all is, they are the same. */
function isSameData(text: string, bytes: string | null): boolean {
  if (bytes === null || text.length > bytes.length) return false
  for (let at = 0; at < text.length; at++)
    if (text.charCodeAt(at) >= 0x80) return charsOf(utf8Encode(text)) === bytes
  return text === bytes
}

/** The node whose state the answer shows. */
function readPath(operation: Operation): string | undefined {
  switch (operation.type) {
    case 'getData':
    case 'exists':
    case 'getChildren':
    case 'setData':
      return operation.path
    default:
      return undefined
  }
}

const statFields = ['czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'version', 'aversion'] as const

function statProblem(path: string, node: ModelNode, stat: Stat): string | undefined {
  const field = statFields.find((name) => stat[name] !== node[name])
  if (field !== undefined)
    return `${field} of ${path} is ${stat[field]} and should be ${node[field]}`
  if (stat.numChildren !== node.childCount)
    return `${path} has ${node.childCount} children; ${stat.numChildren} are told of`
  // Clients are shown deletions too.
  const cversion = node.cversion * 2 - node.childCount
  if (stat.cversion !== cversion)
    return `cversion of ${path} is ${stat.cversion} and should be ${cversion}`
  // Owners that are no sessions are not shown.
  const owner = isSessionOwner(node.owner) ? node.owner : 0n
  return BigInt.asUintN(64, stat.ephemeralOwner) === owner
    ? undefined
    : `the owner of ${path} is ${stat.ephemeralOwner} and should be ${owner}`
}
