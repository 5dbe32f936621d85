/** A tree as plain data, to compare with another or with a model. */
import type { SessionId, Zxid } from '@quorate/protocol'
import { absent, IntField, LongField, rootNode, type Tree } from '@quorate/tree'

export interface NodeView {
  /** A char for each byte; null for null data. */
  readonly data: string | null
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly pzxid: Zxid
  readonly ctime: number
  readonly mtime: number
  readonly version: number
  /** Creates of children so far, as it is stored (clients are shown another number). */
  readonly cversion: number
  readonly aversion: number
  readonly owner: SessionId
}

export interface TreeView {
  readonly lastZxid: Zxid
  readonly digest: string
  /** By path; nodes below /zookeeper, which have counters of their own kind, are left out. */
  readonly nodes: ReadonlyMap<string, NodeView>
  readonly timeoutMsBySession: ReadonlyMap<SessionId, number>
}

export function viewTree(tree: Tree): TreeView {
  const nodes = new Map<string, NodeView>()
  for (let node = rootNode; node !== absent; node = tree.nodes.next(node, rootNode)) {
    const path = tree.nodes.pathText(node) || '/'
    if (!path.startsWith('/zookeeper')) nodes.set(path, viewNode(tree, node))
  }
  return {
    lastZxid: tree.lastZxid,
    digest: digestOf(tree),
    nodes,
    timeoutMsBySession: new Map(tree.timeoutMsBySession),
  }
}

/** As text, to compare with another. */
export function digestOf({ digest }: Tree): string {
  return `${digest.high}:${digest.low}`
}

function viewNode(tree: Tree, node: number): NodeView {
  const { nodes } = tree
  const high = nodes.int(node, IntField.ownerHigh)
  const low = nodes.int(node, IntField.ownerLow)
  return {
    data: charsOf(nodes.dataCopy(node)),
    czxid: nodes.long(node, LongField.czxid),
    mzxid: nodes.long(node, LongField.mzxid),
    pzxid: nodes.long(node, LongField.pzxid),
    ctime: nodes.long(node, LongField.ctime),
    mtime: nodes.long(node, LongField.mtime),
    version: nodes.int(node, IntField.version),
    cversion: nodes.int(node, IntField.cversion),
    aversion: nodes.int(node, IntField.aversion),
    owner: ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) as SessionId,
  }
}

/** Containers and nodes with a time to live have owners that are no sessions. */
export function isSessionOwner(owner: SessionId): boolean {
  return owner !== 0n && owner !== 1n << 63n && owner >> 56n !== 0xffn
}

const callBytesMost = 4_096

/** A char for each byte, whatever the bytes mean: to compare them with others, and to read those that are text. */
export function charsOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null
  if (bytes.length <= callBytesMost) return String.fromCharCode(...bytes)
  let text = ''
  for (let at = 0; at < bytes.length; at += callBytesMost)
    text += String.fromCharCode(...bytes.subarray(at, at + callBytesMost))
  return text
}
