/**
 * What a tree consists of, and the few ways in which a node changes. Whoever changes a node does it here, so that the digest,
 * the sets of special nodes and an open snapshot always follow.
 */
import { type Acl, type Platform, type SessionId, sessionIdOf, type Zxid } from '@quorate/protocol'
import { AclTable } from './acl-table.ts'
import { DigestSum, isBelowSystemRoot, NodeDigester } from './node-digest.ts'
import { type OwnerKind, ownerKind } from './node-owner.ts'
import { absent, IntField, LongField, NodeStore } from './node-store.ts'
import { PendingNode } from './pending-node.ts'

/** Is told before a node changes. */
export interface ChangeListener {
  writeAhead(node: number): void
  /** The node has no children and goes away. */
  stepPast(node: number): void
}

/** The stat and ACL that a node is born with. */
export interface NodeBirth {
  readonly zxid: Zxid
  readonly timeMs: number
  readonly ownerHigh: number
  readonly ownerLow: number
  readonly aclId: number
}

export class TreeState {
  readonly nodes: NodeStore
  readonly acls: AclTable = new AclTable()
  /** Timeouts in ms of the global sessions. */
  readonly timeoutMsBySession: Map<SessionId, number> = new Map()
  readonly ephemeralsBySession: Map<SessionId, Set<number>> = new Map()
  readonly containers: Set<number> = new Set()
  readonly ttlNodes: Set<number> = new Set()
  readonly digest: DigestSum = new DigestSum()
  readonly digester: NodeDigester
  readonly extendedTypesEnabled: boolean
  /** The snapshot being written, if there is one. */
  walk: ChangeListener | undefined
  /** Numbers the snapshots; a node remembers the last one it was written to. */
  walkNumber = 0
  lastZxid: Zxid = 0
  ephemeralCount = 0

  /** Where {@link nodeDigest} gathers a node's fields. */
  readonly #digested = new PendingNode()

  constructor(platform: Platform, extendedTypesEnabled: boolean) {
    this.nodes = new NodeStore(platform)
    this.digester = new NodeDigester(platform)
    this.extendedTypesEnabled = extendedTypesEnabled
  }

  ownerKind(node: number): OwnerKind {
    const { nodes } = this
    return ownerKind(
      nodes.int(node, IntField.ownerHigh),
      nodes.int(node, IntField.ownerLow),
      this.extendedTypesEnabled,
    )
  }

  /** Adds a node below `parent` (absent for the root only); data and the parent's counters are the caller's affair. */
  createNode(
    parent: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    birth: NodeBirth,
  ): number {
    const { nodes } = this
    if (parent !== absent) this.beforeChange(parent)
    const node = nodes.add(parent, bytes, start, end)
    nodes.setLong(node, LongField.czxid, birth.zxid)
    nodes.setLong(node, LongField.mzxid, birth.zxid)
    nodes.setLong(node, LongField.pzxid, birth.zxid)
    nodes.setLong(node, LongField.ctime, birth.timeMs)
    nodes.setLong(node, LongField.mtime, birth.timeMs)
    nodes.setInt(node, IntField.ownerHigh, birth.ownerHigh)
    nodes.setInt(node, IntField.ownerLow, birth.ownerLow)
    nodes.setInt(node, IntField.aclId, birth.aclId)
    this.acls.addReference(birth.aclId)
    // A snapshot under way is of the time before this node.
    nodes.setInt(node, IntField.writtenTo, this.walkNumber)
    this.#register(node)
    return node
  }

  /** Removes a node without children. */
  deleteNode(node: number): void {
    const { nodes } = this
    this.beforeChange(node)
    this.beforeChange(nodes.int(node, IntField.parent))
    this.walk?.stepPast(node)
    this.#unregister(node)
    this.digest.subtract(nodes.int(node, IntField.digest) >>> 0)
    this.acls.release(nodes.int(node, IntField.aclId))
    nodes.remove(node)
  }

  /**
   * Puts data in the place of a node's own; null when `end` is less than `start`.
   * @param contentCrc the CRC over path and new data if the caller has it, else −1
   */
  setData(node: number, bytes: Uint8Array, start: number, end: number, contentCrc: number): void {
    const { nodes } = this
    this.beforeChange(node)
    nodes.setData(node, bytes, start, end)
    nodes.setInt(
      node,
      IntField.contentCrc,
      contentCrc === -1 ? this.#contentCrc(node, bytes, start, end) : contentCrc,
    )
  }

  setAclId(node: number, aclId: number): void {
    this.beforeChange(node)
    const before = this.nodes.int(node, IntField.aclId)
    this.acls.addReference(aclId)
    this.nodes.setInt(node, IntField.aclId, aclId)
    this.acls.release(before)
  }

  /** To be called before any field of a node that was there changes: an open snapshot takes its old state. */
  beforeChange(node: number): void {
    this.walk?.writeAhead(node)
  }

  /** To be called after fields of a node changed. */
  refreshDigest(node: number): void {
    if (this.#isUndigested(node)) return
    const { nodes, digest } = this
    const after = this.nodeDigest(node)
    digest.subtract(nodes.int(node, IntField.digest) >>> 0)
    digest.add(after)
    nodes.setInt(node, IntField.digest, after)
  }

  /** The node's digest from its present fields. */
  nodeDigest(node: number): number {
    const digested = this.#digested
    digested.setFrom(this.nodes, node)
    return this.digester.digest(digested.contentCrc, digested)
  }

  /** The ephemerals of a session, in the order of their creation. */
  ephemeralsOf(session: SessionId): Iterable<number> {
    return this.ephemeralsBySession.get(session) ?? []
  }

  ownerSession(node: number): SessionId {
    return sessionIdOf(
      this.nodes.int(node, IntField.ownerHigh),
      this.nodes.int(node, IntField.ownerLow),
    )
  }

  acl(node: number): readonly Acl[] {
    return this.acls.get(this.nodes.int(node, IntField.aclId))
  }

  #contentCrc(node: number, bytes: Uint8Array, start: number, end: number): number {
    const { nodes, digester } = this
    const at = nodes.pathOffset(node)
    const pathCrc = digester.pathCrc(
      nodes.pathChunk(node),
      at,
      at + nodes.int(node, IntField.pathLength),
    )
    return digester.contentCrc(pathCrc, bytes, start, end)
  }

  #isUndigested(node: number): boolean {
    const at = this.nodes.pathOffset(node)
    return isBelowSystemRoot(
      this.nodes.pathChunk(node),
      at,
      at + this.nodes.int(node, IntField.pathLength),
    )
  }

  #register(node: number): void {
    switch (this.ownerKind(node)) {
      case 'session': {
        const session = this.ownerSession(node)
        const ephemerals = this.ephemeralsBySession.get(session)
        if (ephemerals === undefined) this.ephemeralsBySession.set(session, new Set([node]))
        else ephemerals.add(node)
        this.ephemeralCount++
        break
      }
      case 'container':
        this.containers.add(node)
        break
      case 'ttl':
        this.ttlNodes.add(node)
        break
      case 'none':
        break
    }
  }

  #unregister(node: number): void {
    this.containers.delete(node)
    this.ttlNodes.delete(node)
    if (this.ownerKind(node) !== 'session') return
    const session = this.ownerSession(node)
    const ephemerals = this.ephemeralsBySession.get(session)
    ephemerals?.delete(node)
    if (ephemerals?.size === 0) this.ephemeralsBySession.delete(session)
    this.ephemeralCount--
  }
}
