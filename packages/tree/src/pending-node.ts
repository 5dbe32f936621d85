/** A node's state after the proposals in flight. */
import type { Zxid } from '@quorate/protocol'
import { IntField, LongField, type NodeStore } from './node-store.ts'

/** Mutable by {@link PendingChanges} and, between `edit` and `commit`, by the preparer. Used over and over: a view costs no new object. */
export class PendingNode {
  hash = 0
  /** The path is `bytes[0, pathLength)`. */
  bytes: Uint8Array = new Uint8Array(64)
  pathLength = 0
  /** Another pending node with the same hash. */
  next: PendingNode | undefined
  exists = false
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

  setPath(hash: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length > this.bytes.length) this.bytes = new Uint8Array(2 * length)
    for (let i = 0; i < length; i++) this.bytes[i] = bytes[start + i]!
    this.pathLength = length
    this.hash = hash
  }

  hasPath(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.pathLength
    if (length !== end - start) return false
    for (let i = 0; i < length; i++) if (this.bytes[i] !== bytes[start + i]) return false
    return true
  }

  /** Takes the state that the tree has now. */
  setFrom(nodes: NodeStore, node: number): void {
    this.exists = true
    this.czxid = nodes.long(node, LongField.czxid)
    this.mzxid = nodes.long(node, LongField.mzxid)
    this.pzxid = nodes.long(node, LongField.pzxid)
    this.ctime = nodes.long(node, LongField.ctime)
    this.mtime = nodes.long(node, LongField.mtime)
    this.version = nodes.int(node, IntField.version)
    this.cversion = nodes.int(node, IntField.cversion)
    this.aversion = nodes.int(node, IntField.aversion)
    this.ownerHigh = nodes.int(node, IntField.ownerHigh)
    this.ownerLow = nodes.int(node, IntField.ownerLow)
    this.aclId = nodes.int(node, IntField.aclId)
    this.childCount = nodes.int(node, IntField.childCount)
    this.dataLength = Math.max(0, nodes.int(node, IntField.dataLength))
    this.contentCrc = nodes.int(node, IntField.contentCrc) >>> 0
    this.digest = nodes.int(node, IntField.digest) >>> 0
  }

  /** Takes the state of another pending node, but neither its path nor its place among the others. */
  setStateFrom(other: PendingNode): void {
    this.exists = other.exists
    this.changedBy = other.changedBy
    this.czxid = other.czxid
    this.mzxid = other.mzxid
    this.pzxid = other.pzxid
    this.ctime = other.ctime
    this.mtime = other.mtime
    this.version = other.version
    this.cversion = other.cversion
    this.aversion = other.aversion
    this.ownerHigh = other.ownerHigh
    this.ownerLow = other.ownerLow
    this.aclId = other.aclId
    this.childCount = other.childCount
    this.dataLength = other.dataLength
    this.contentCrc = other.contentCrc
    this.digest = other.digest
  }
}
