/**
 * What the servers have come to when nothing happens any more: the same tree through every member's client port, equal digests, and it
 * is the tree that the history in the logs makes.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Zxid } from '@quorate/protocol'
import { CommittedTree, type NodeView, type TxnHistory } from '@quorate/simulator'
import { eventually } from '../../harness/eventually.ts'
import { dumpTree, type NodeDump } from '../../interchange/tree-dump.ts'
import type { FaultMember } from '../fault-member.ts'

const equalTimeoutMs = 30_000
/** Nodes that differ, by name. */
const toldMost = 5

export interface FinalState {
  /** A transaction that all had applied before they were asked. */
  readonly zxid: Zxid
  readonly nodes: readonly NodeDump[]
  readonly problems: readonly string[]
}

export async function compareMembers(
  members: readonly FaultMember[],
  superUser: string,
): Promise<FinalState> {
  const problems: string[] = []
  const [first, ...others] = members
  let nodes: readonly NodeDump[] = []
  let zxid: Zxid = 0
  // Sessions may still expire and containers go: what differs is looked at again.
  const wait = { what: 'equal trees', timeoutMs: equalTimeoutMs }
  await eventually(wait, async () => {
    problems.length = 0
    const states = await Promise.all(members.map((member) => member.state()))
    zxid = Math.min(...states.map((state) => Number(state?.zxid ?? 0)))
    nodes = await dumpOf(first!, superUser)
    for (const other of others) {
      const problem = difference(nodes, await dumpOf(other, superUser))
      if (problem !== undefined)
        problems.push(`trees of ${first!.name} and ${other.name}: ${problem}`)
    }
    return problems.length === 0 ? true : undefined
  }).catch((error: Error) => {
    if (problems.length === 0) problems.push(`trees could not be compared: ${error.message}`)
  })
  const digests = await digestProblem(members)
  return { zxid, nodes, problems: digests === undefined ? problems : [...problems, digests] }
}

/** Nodes that changed while they were asked for, or since, are passed over. */
export function compareWithHistory(state: FinalState, history: TxnHistory): readonly string[] {
  const model = new CommittedTree(history).now
  const shown = new Map(state.nodes.map((node) => [node.path, node]))
  const problems: string[] = []
  for (const path of new Set([...shown.keys(), ...model.nodes.keys()])) {
    const node = model.nodes.get(path)
    const isOfServers = path === '/' || path.startsWith('/zookeeper')
    if (isOfServers || node !== model.nodeAt(path, state.zxid)) continue
    const problem = nodeProblem(shown.get(path), node)
    if (problem !== undefined) problems.push(`against the history, ${path} ${problem}`)
  }
  const left = problems.length - toldMost
  return left > 0 ? [...problems.slice(0, toldMost), `and ${left} nodes more`] : problems
}

const statFields = ['czxid', 'mzxid', 'pzxid', 'ctime', 'mtime', 'version'] as const

function nodeProblem(shown: NodeDump | undefined, node: NodeView | undefined): string | undefined {
  if (shown === undefined || node === undefined) {
    if (shown === node) return undefined
    return shown === undefined ? 'is missing' : 'should not be there'
  }
  const field = statFields.find((name) => shown.stat[name] !== node[name])
  if (field !== undefined) return `has ${field} ${shown.stat[field]}, expected is ${node[field]}`
  const data = node.data === null ? null : Buffer.from(node.data, 'latin1').toString('hex')
  return shown.data === data ? undefined : `has the data ${shown.data}, expected is ${data}`
}

async function dumpOf({ address }: FaultMember, superUser: string): Promise<readonly NodeDump[]> {
  const nodes = await dumpTree(address.port, superUser, address.host)
  // Behind relays each server names the others by ports of its own.
  return nodes.filter(({ path }) => path !== '/zookeeper/config')
}

function difference(some: readonly NodeDump[], others: readonly NodeDump[]): string | undefined {
  const byPath = new Map(others.map((node) => [node.path, node]))
  for (const node of some) {
    const other = byPath.get(node.path)
    byPath.delete(node.path)
    if (!isDeepStrictEqual(node, other))
      return `${node.path} is ${text(node)} and ${other === undefined ? 'not there' : text(other)}`
  }
  const [left] = byPath.keys()
  return left === undefined ? undefined : `${left} is only in the second`
}

function text(node: NodeDump): string {
  return JSON.stringify(node, (_, value: unknown) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
  )
}

/** Every member keeps the digests at some zxids: where two have the same, they are equal. */
async function digestProblem(members: readonly FaultMember[]): Promise<string | undefined> {
  const answers = await Promise.all(members.map((member) => member.ask('hash')))
  const known = new Map<string, { readonly digest: string; readonly server: string }>()
  for (const [i, answer] of answers.entries()) {
    const { name } = members[i]!
    for (const [, zxid, digest] of answer.matchAll(/^([0-9a-f]+): (-?\d+)$/gm)) {
      const other = known.get(zxid!)
      if (other === undefined) known.set(zxid!, { digest: digest!, server: name })
      else if (other.digest !== digest)
        return `digests at ${zxid}: ${other.digest} on ${other.server}, ${digest} on ${name}`
    }
  }
  return undefined
}
