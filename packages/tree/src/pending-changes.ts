/**
 * The tree as it will be when everything proposed has been applied: what the leader checks requests against.
 *
 * 1. A node that a proposal in flight changes has one {@link PendingNode} with its state after the last such proposal; every
 *    other node is as the tree has it.
 * 2. A pending node goes when the last proposal that changes it has been applied.
 * 3. {@link digest} is the tree's digest after the last proposal.
 */
import { type Zxid } from '@quorate/protocol'
import { HashedPathMap } from './hashed-path-map.ts'
import { type DigestedStat, DigestSum, isBelowSystemRoot } from './node-digest.ts'
import { absent, IntField, LongField } from './node-store.ts'
import { pathHash } from './path-hash.ts'
import type { TreeState } from './tree-state.ts'

/** A node's state after the proposals in flight. Mutable between `edit` and `commit` only. */
export class PendingNode implements DigestedStat {
  /** A view of the request until the node is edited, then a copy of its own. */
  path: Uint8Array
  readonly hash: number
  exists = true
  /** The last proposal that changes it; 0: none, it is a mere view of the tree. */
  changedBy: Zxid = 0
  czxid: Zxid = 0
  mzxid: Zxid = 0
  pzxid: Zxid = 0
  ctime = 0
  mtime = 0
  version = 0
  cversion = 0
  aversion = 0
  ownerHigh = 0
  ownerLow = 0
  aclId = 0
  childCount = 0
  dataLength = 0
  contentCrc = 0
  /** Its part of the tree's digest. */
  digest = 0

  constructor(path: Uint8Array, hash: number) {
    this.path = path
    this.hash = hash
  }
}

/** What a failed multi puts back. */
interface JournalEntry {
  readonly node: PendingNode
  readonly before: PendingNode
}

export class PendingChanges {
  readonly digest: DigestSum = new DigestSum()
  /** Edits ever made, and those that were applied or taken back. */
  queuedCount = 0
  removedCount = 0
  readonly #state: TreeState
  readonly #nodes = new HashedPathMap<PendingNode>()
  /** Every edit in order, with the proposal it belongs to. */
  #edits: { readonly node: PendingNode; readonly zxid: Zxid }[] = []
  #editsApplied = 0
  #journal: JournalEntry[] | undefined

  constructor(state: TreeState) {
    this.#state = state
    this.digest.set(state.digest)
  }

  get size(): number {
    return this.#nodes.size
  }

  /** The node with this path, or undefined when there will be none. The empty path is the root's. */
  find(bytes: Uint8Array, start: number, end: number): PendingNode | undefined {
    if (end === start) return this.#findRoot()
    const hash = pathHash(bytes, start, end)
    const pending = this.#nodes.get(hash, bytes, start, end)
    if (pending !== undefined) return pending.exists ? pending : undefined
    const node = this.#state.nodes.findHashed(hash, bytes, start, end)
    return node === absent ? undefined : this.#view(node, bytes.subarray(start, end), hash)
  }

  /** Opens a node that {@link find} gave for changes by the proposal `zxid`; {@link commit} ends them. */
  edit(node: PendingNode, zxid: Zxid): void {
    this.#journal?.push({
      node,
      before: Object.assign(new PendingNode(node.path, node.hash), node),
    })
    if (node.changedBy === 0) {
      node.path = this.#nodes.set(node.hash, node.path, 0, node.path.length, node)
      this.#state.acls.addReference(node.aclId)
    }
    node.changedBy = zxid
    this.#edits.push({ node, zxid })
    this.queuedCount++
  }

  /** Opens a node that does not exist yet (or not any more): fields are 0. */
  editNew(
    bytes: Uint8Array,
    start: number,
    end: number,
    options: { readonly zxid: Zxid; readonly aclId: number },
  ): PendingNode {
    const hash = pathHash(bytes, start, end)
    let node = this.#nodes.get(hash, bytes, start, end)
    if (node === undefined) {
      node = new PendingNode(bytes.subarray(start, end), hash)
      node.exists = false
      node.aclId = options.aclId
    }
    this.edit(node, options.zxid)
    this.setAcl(node, options.aclId)
    node.exists = true
    return node
  }

  setAcl(node: PendingNode, aclId: number): void {
    const { acls } = this.#state
    acls.addReference(aclId)
    acls.release(node.aclId)
    node.aclId = aclId
  }

  /** Ends the changes since {@link edit}: the digest follows. */
  commit(node: PendingNode): void {
    const after =
      node.exists && !isBelowSystemRoot(node.path, 0, node.path.length)
        ? this.#state.digester.digest(node.contentCrc, node)
        : 0
    this.digest.subtract(node.digest)
    this.digest.add(after)
    node.digest = after
  }

  /** From here on edits can be taken back together. */
  beginMulti(): void {
    this.#journal = []
  }

  endMulti(): void {
    this.#journal = undefined
  }

  rollBackMulti(): void {
    const journal = this.#journal ?? []
    this.#journal = undefined
    this.#edits.length -= journal.length
    this.removedCount += journal.length
    for (const { node, before } of journal.toReversed()) {
      this.digest.subtract(node.digest)
      this.digest.add(before.digest)
      this.setAcl(node, before.aclId)
      Object.assign(node, before)
      if (before.changedBy === 0) this.#forget(node)
    }
  }

  /** The proposal has been applied to the tree. */
  applied(zxid: Zxid): void {
    while (
      this.#editsApplied < this.#edits.length &&
      this.#edits[this.#editsApplied]!.zxid <= zxid
    ) {
      const { node } = this.#edits[this.#editsApplied++]!
      this.removedCount++
      if (node.changedBy !== 0 && node.changedBy <= zxid) {
        node.changedBy = 0
        this.#forget(node)
      }
    }
    if (this.#editsApplied > 1024 && this.#editsApplied * 2 > this.#edits.length) {
      this.#edits = this.#edits.slice(this.#editsApplied)
      this.#editsApplied = 0
    }
  }

  /** Nodes that proposals in flight create or delete, in the order of these changes. */
  *edited(): IterableIterator<PendingNode> {
    for (const entry of this.#nodes) yield entry.value
  }

  #forget(node: PendingNode): void {
    this.#nodes.delete(node.hash, node.path, 0, node.path.length)
    this.#state.acls.release(node.aclId)
  }

  #findRoot(): PendingNode | undefined {
    return this.find(rootPath, 0, 1)
  }

  #view(node: number, path: Uint8Array, hash: number): PendingNode {
    const { nodes } = this.#state
    const view = new PendingNode(path, hash)
    view.czxid = nodes.long(node, LongField.czxid)
    view.mzxid = nodes.long(node, LongField.mzxid)
    view.pzxid = nodes.long(node, LongField.pzxid)
    view.ctime = nodes.long(node, LongField.ctime)
    view.mtime = nodes.long(node, LongField.mtime)
    view.version = nodes.int(node, IntField.version)
    view.cversion = nodes.int(node, IntField.cversion)
    view.aversion = nodes.int(node, IntField.aversion)
    view.ownerHigh = nodes.int(node, IntField.ownerHigh)
    view.ownerLow = nodes.int(node, IntField.ownerLow)
    view.aclId = nodes.int(node, IntField.aclId)
    view.childCount = nodes.int(node, IntField.childCount)
    view.dataLength = Math.max(0, nodes.int(node, IntField.dataLength))
    view.contentCrc = nodes.int(node, IntField.contentCrc) >>> 0
    view.digest = nodes.int(node, IntField.digest) >>> 0
    return view
  }
}

const rootPath = Uint8Array.of(0x2f)
