/**
 * The tree as it will be when everything proposed has been applied: what the leader checks requests against.
 *
 * 1. A node that a proposal in flight changes has one {@link PendingNode} with its state after the last such proposal; every
 *    other node is as the tree has it.
 * 2. A pending node goes when the last proposal that changes it has been applied.
 * 3. {@link digest} is the tree's digest after the last proposal.
 * 4. What {@link find} gives is good until the next {@link beginRequest}, unless it was edited.
 */
import type { Zxid } from '@quorate/protocol'
import { DigestSum, isBelowSystemRoot } from './node-digest.ts'
import { absent } from './node-store.ts'
import { pathHash } from './path-hash.ts'
import { PendingNode } from './pending-node.ts'
import type { TreeState } from './tree-state.ts'

/** What a failed multi puts back. */
interface JournalEntry {
  readonly node: PendingNode
  readonly before: PendingNode
}

const spareMax = 4_096
/** What has had a longer path goes to the collector, with the room for it. */
const sparePathBytesMax = 1_024

export class PendingChanges {
  readonly digest: DigestSum = new DigestSum()
  /** Edits ever made, and those that were applied or taken back. */
  queuedCount = 0
  removedCount = 0
  readonly #state: TreeState
  /** Chains of pending nodes with the same hash. */
  readonly #nodesByHash = new Map<number, PendingNode>()
  /** Every edit in order: the node and the proposal. */
  #editedNodes: PendingNode[] = []
  #editedBy: Zxid[] = []
  #editsApplied = 0
  #journal: JournalEntry[] | undefined
  /** Views handed out since the last {@link beginRequest} and not edited. */
  readonly #views: PendingNode[] = []
  readonly #spare: PendingNode[] = []

  constructor(state: TreeState) {
    this.#state = state
    this.digest.set(state.digest)
  }

  /** Views of earlier requests are used again from here on. */
  beginRequest(): void {
    for (let view = this.#views.pop(); view !== undefined; view = this.#views.pop())
      this.#recycle(view)
  }

  /** The node with this path, or undefined when there will be none. The empty path is the root's. */
  find(bytes: Uint8Array, start: number, end: number): PendingNode | undefined {
    if (end === start) return this.find(rootPath, 0, 1)
    const hash = pathHash(bytes, start, end)
    const pending = this.#pending(hash, bytes, start, end)
    if (pending !== undefined) return pending.exists ? pending : undefined
    const { nodes } = this.#state
    const node = nodes.findHashed(hash, bytes, start, end)
    if (node === absent) return undefined
    const view = this.#spare.pop() ?? new PendingNode()
    view.setPath(hash, bytes, start, end)
    view.setFrom(nodes, node)
    this.#views.push(view)
    return view
  }

  /** Opens a node that {@link find} gave for changes by the proposal `zxid`; {@link commit} ends them. */
  edit(node: PendingNode, zxid: Zxid): void {
    if (this.#journal !== undefined) {
      const before = new PendingNode()
      before.setStateFrom(node)
      this.#journal.push({ node, before })
    }
    if (node.changedBy === 0) this.#keep(node)
    node.changedBy = zxid
    this.#editedNodes.push(node)
    this.#editedBy.push(zxid)
    this.queuedCount++
  }

  /** Opens a node that does not exist yet (or not any more) with this ACL. What else it had before it was deleted is still there. */
  editNew(
    bytes: Uint8Array,
    start: number,
    end: number,
    options: { readonly zxid: Zxid; readonly aclId: number },
  ): PendingNode {
    const hash = pathHash(bytes, start, end)
    let node = this.#pending(hash, bytes, start, end)
    if (node === undefined) {
      node = this.#spare.pop() ?? new PendingNode()
      node.setPath(hash, bytes, start, end)
      node.exists = false
      node.digest = 0
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
    const isDigested = node.exists && !isBelowSystemRoot(node.bytes, 0, node.pathLength)
    const after = isDigested ? this.#state.digester.digest(node.contentCrc, node) : 0
    this.digest.subtract(node.digest)
    this.digest.add(after)
    node.digest = after
  }

  /** From here on edits can be taken back together; the ACLs that they give up stay known meanwhile. */
  beginMulti(): void {
    this.#journal = []
    this.#state.acls.hold()
  }

  endMulti(): void {
    this.#journal = undefined
    this.#state.acls.releaseHold()
  }

  rollBackMulti(): void {
    const journal = this.#journal ?? []
    this.#journal = undefined
    this.#editedNodes.length -= journal.length
    this.#editedBy.length -= journal.length
    this.removedCount += journal.length
    for (const { node, before } of journal.toReversed()) {
      this.digest.subtract(node.digest)
      this.digest.add(before.digest)
      this.setAcl(node, before.aclId)
      node.setStateFrom(before)
      if (node.changedBy === 0) this.#forget(node)
    }
    this.#state.acls.releaseHold()
  }

  /** The proposal has been applied to the tree. */
  applied(zxid: Zxid): void {
    while (
      this.#editsApplied < this.#editedBy.length &&
      this.#editedBy[this.#editsApplied]! <= zxid
    ) {
      const node = this.#editedNodes[this.#editsApplied++]!
      this.removedCount++
      // An edit of the same proposal may have been its last one already.
      if (node.changedBy !== 0 && node.changedBy <= zxid) this.#forget(node)
    }
    if (this.#editsApplied > 1024 && this.#editsApplied * 2 > this.#editedBy.length) {
      this.#editedNodes = this.#editedNodes.slice(this.#editsApplied)
      this.#editedBy = this.#editedBy.slice(this.#editsApplied)
      this.#editsApplied = 0
    }
  }

  /** Nodes that proposals in flight create, change or delete, in no order. */
  *edited(): IterableIterator<PendingNode> {
    for (const first of this.#nodesByHash.values()) {
      for (let node: PendingNode | undefined = first; node !== undefined; node = node.next)
        yield node
    }
  }

  #pending(hash: number, bytes: Uint8Array, start: number, end: number): PendingNode | undefined {
    let node = this.#nodesByHash.get(hash)
    while (node !== undefined && !node.hasPath(bytes, start, end)) node = node.next
    return node
  }

  #keep(node: PendingNode): void {
    // It is one of the last ones found; the end of a session with many ephemerals finds them all first.
    const at = this.#views.lastIndexOf(node)
    if (at !== -1) this.#views.splice(at, 1)
    node.next = this.#nodesByHash.get(node.hash)
    this.#nodesByHash.set(node.hash, node)
    this.#state.acls.addReference(node.aclId)
  }

  #forget(node: PendingNode): void {
    const first = this.#nodesByHash.get(node.hash)
    if (first === node) {
      if (node.next === undefined) this.#nodesByHash.delete(node.hash)
      else this.#nodesByHash.set(node.hash, node.next)
    } else {
      let before = first!
      while (before.next !== node) before = before.next!
      before.next = node.next
    }
    this.#state.acls.release(node.aclId)
    this.#recycle(node)
  }

  #recycle(node: PendingNode): void {
    node.changedBy = 0
    node.next = undefined
    if (this.#spare.length < spareMax && node.bytes.length <= sparePathBytesMax)
      this.#spare.push(node)
  }
}

const rootPath = Uint8Array.of(0x2f)
