/**
 * The znodes as records in typed arrays: a node is a number, its fields stand at an offset, its path and data in a slab.
 * Nothing here is an object per znode, so the collector's pauses do not grow with the tree.
 *
 * 1. The root is node 0, with the path "/". Every other node has a parent.
 * 2. Siblings are linked in the order of their creation; a new node is the last child.
 * 3. A node's number stays the same while it exists and is used again afterwards.
 */
import { lastSlash, type Platform, writeInt32, writeLong } from '@quorate/protocol'
import { ByteSlab } from './byte-slab.ts'
import { pathHash } from './path-hash.ts'
import { PathIndex } from './path-index.ts'

/** Fields of 32 bits. */
export const IntField = {
  version: 0,
  /** The stored counter of creates below this node. */
  cversion: 1,
  aversion: 2,
  ownerHigh: 3,
  ownerLow: 4,
  aclId: 5,
  childCount: 6,
  /** −1: null. */
  dataLength: 7,
  dataRef: 8,
  pathLength: 9,
  pathRef: 10,
  hash: 11,
  parent: 12,
  firstChild: 13,
  lastChild: 14,
  nextSibling: 15,
  previousSibling: 16,
  /** CRC-32 of path and data; continued over the stat it is the node's digest. */
  contentCrc: 17,
  /** CRC-32 over path, data and stat: the node's part of the tree's digest; 0 below /zookeeper. */
  digest: 18,
  /** The snapshot that this node was last written to (see snapshot-walk.ts). */
  writtenTo: 19,
} as const

/** Fields that are safe integers. */
export const LongField = { czxid: 0, mzxid: 1, pzxid: 2, ctime: 3, mtime: 4 } as const

const intCount = 20
const longCount = 5
const pageShift = 12
const pageNodes = 1 << pageShift
const pageMask = pageNodes - 1

/** No node. */
export const absent = -1
export const rootNode = 0

export class NodeStore {
  readonly slab: ByteSlab = new ByteSlab()
  readonly #index: PathIndex
  readonly #platform: Platform
  readonly #ints: Int32Array[] = []
  readonly #longs: Float64Array[] = []
  #nextUnused = 0
  /** Freed nodes, linked through their parent field. */
  #firstFree = absent
  #contentBytes = 0

  constructor(platform: Platform) {
    this.#platform = platform
    this.#index = new PathIndex({
      hashOf: (node) => this.int(node, IntField.hash),
      hasPath: (node, bytes, start, end) => this.#hasPath(node, bytes, start, end),
    })
  }

  /** How many nodes there are, the root included. */
  get count(): number {
    return this.#index.size
  }

  /** Bytes of all paths and data. */
  get contentBytes(): number {
    return this.#contentBytes
  }

  int(node: number, field: number): number {
    return this.#ints[node >>> pageShift]![(node & pageMask) * intCount + field]!
  }

  setInt(node: number, field: number, value: number): void {
    this.#ints[node >>> pageShift]![(node & pageMask) * intCount + field] = value
  }

  long(node: number, field: number): number {
    return this.#longs[node >>> pageShift]![(node & pageMask) * longCount + field]!
  }

  setLong(node: number, field: number, value: number): void {
    this.#longs[node >>> pageShift]![(node & pageMask) * longCount + field] = value
  }

  /** The node with this path, or −1. The empty path is the root's, as reads take it. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end === start) return rootNode
    return this.#index.find(pathHash(bytes, start, end), bytes, start, end)
  }

  findHashed(hash: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#index.find(hash, bytes, start, end)
  }

  /** The parent by path of `bytes[start, end)`: "/a" has the root, "a/b" none. */
  findParent(bytes: Uint8Array, start: number, end: number): number {
    const cut = lastSlash(bytes, start, end)
    return cut === -1 ? absent : this.find(bytes, start, cut)
  }

  /** Adds a node with this path as the last child of `parent`; all other fields are 0, the data null. */
  add(parent: number, bytes: Uint8Array, start: number, end: number): number {
    const node = this.#takeNumber()
    const hash = pathHash(bytes, start, end)
    const pathRef = this.#store(bytes, start, end)
    this.setInt(node, IntField.pathRef, pathRef)
    this.setInt(node, IntField.pathLength, end - start)
    this.setInt(node, IntField.hash, hash)
    this.setInt(node, IntField.dataLength, -1)
    this.setInt(node, IntField.firstChild, absent)
    this.setInt(node, IntField.lastChild, absent)
    this.#linkToParent(node, parent)
    this.#index.add(hash, node)
    this.#contentBytes += end - start
    return node
  }

  /** Removes a node without children. */
  remove(node: number): void {
    this.#unlinkFromParent(node)
    this.#index.remove(this.int(node, IntField.hash), node)
    this.setData(node, noBytes, 0, -1)
    const pathLength = this.int(node, IntField.pathLength)
    this.slab.free(this.int(node, IntField.pathRef), pathLength)
    this.#contentBytes -= pathLength
    this.setInt(node, IntField.parent, this.#firstFree)
    this.#firstFree = node
  }

  /** Copies the data `bytes[start, end)`; null when `end` is less than `start`. */
  setData(node: number, bytes: Uint8Array, start: number, end: number): void {
    const before = Math.max(0, this.int(node, IntField.dataLength))
    const length = end - start
    const after = Math.max(0, length)
    const oldRef = this.int(node, IntField.dataRef)
    if (before === after && oldRef !== 0) {
      this.#platform.copy(bytes, start, end, this.slab.chunkOf(oldRef), this.slab.offsetOf(oldRef))
      return
    }
    this.slab.free(oldRef, before)
    this.setInt(node, IntField.dataRef, after === 0 ? 0 : this.#store(bytes, start, end))
    this.setInt(node, IntField.dataLength, length < 0 ? -1 : length)
    this.#contentBytes += after - before
  }

  /** The chunk that holds the node's path, at {@link pathOffset}. */
  pathChunk(node: number): Uint8Array {
    return this.slab.chunkOf(this.int(node, IntField.pathRef))
  }

  pathOffset(node: number): number {
    return this.slab.offsetOf(this.int(node, IntField.pathRef))
  }

  pathText(node: number): string {
    const at = this.pathOffset(node)
    return this.#platform.utf8Decode(
      this.pathChunk(node),
      at,
      at + this.int(node, IntField.pathLength),
    )
  }

  pathCopy(node: number): Uint8Array {
    const at = this.pathOffset(node)
    return this.pathChunk(node).slice(at, at + this.int(node, IntField.pathLength))
  }

  /** The chunk that holds the node's data, at {@link dataOffset}. Any bytes when there is none. */
  dataChunk(node: number): Uint8Array {
    const ref = this.int(node, IntField.dataRef)
    return ref === 0 ? noBytes : this.slab.chunkOf(ref)
  }

  dataOffset(node: number): number {
    return this.slab.offsetOf(this.int(node, IntField.dataRef))
  }

  /** A copy of the data, or null. */
  dataCopy(node: number): Uint8Array | null {
    const length = this.int(node, IntField.dataLength)
    if (length < 0) return null
    const at = this.dataOffset(node)
    return this.dataChunk(node).slice(at, at + length)
  }

  /** How many nodes stand below this one, at any depth. */
  descendantCount(node: number): number {
    if (node === rootNode) return this.count - 1
    let count = 0
    for (let at = this.next(node, node); at !== absent; at = this.next(at, node)) count++
    return count
  }

  /** The nodes below this one, in pre-order. The tree may not change meanwhile. */
  *descendants(node: number): IterableIterator<number> {
    for (let at = this.next(node, node); at !== absent; at = this.next(at, node)) yield at
  }

  /** The node that comes after this one in pre-order within the subtree of `top`, or −1. */
  next(node: number, top: number): number {
    const child = this.int(node, IntField.firstChild)
    if (child !== absent) return child
    for (let at = node; at !== top; at = this.int(at, IntField.parent)) {
      const sibling = this.int(at, IntField.nextSibling)
      if (sibling !== absent) return sibling
    }
    return absent
  }

  /** The 68 bytes of a Stat as clients see it. `isPlainOwner`: the owner is a session's, to be shown. */
  writeStat(node: number, bytes: Uint8Array, at: number, isPlainOwner: boolean): void {
    const ints = this.#ints[node >>> pageShift]!
    const longs = this.#longs[node >>> pageShift]!
    const i = (node & pageMask) * intCount
    const l = (node & pageMask) * longCount
    const childCount = ints[i + IntField.childCount]!
    writeLong(bytes, at, longs[l + LongField.czxid]!)
    writeLong(bytes, at + 8, longs[l + LongField.mzxid]!)
    writeLong(bytes, at + 16, longs[l + LongField.ctime]!)
    writeLong(bytes, at + 24, longs[l + LongField.mtime]!)
    writeInt32(bytes, at + 32, ints[i + IntField.version]!)
    // Deletes are not counted on disk; what clients see counts both (ZOOKEEPER-1046).
    writeInt32(bytes, at + 36, 2 * ints[i + IntField.cversion]! - childCount)
    writeInt32(bytes, at + 40, ints[i + IntField.aversion]!)
    writeInt32(bytes, at + 44, isPlainOwner ? ints[i + IntField.ownerHigh]! : 0)
    writeInt32(bytes, at + 48, isPlainOwner ? ints[i + IntField.ownerLow]! : 0)
    writeInt32(bytes, at + 52, Math.max(0, ints[i + IntField.dataLength]!))
    writeInt32(bytes, at + 56, childCount)
    writeLong(bytes, at + 60, longs[l + LongField.pzxid]!)
  }

  #hasPath(node: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.int(node, IntField.pathLength)
    if (length !== end - start) return false
    const ref = this.int(node, IntField.pathRef)
    const chunk = this.slab.chunkOf(ref)
    const at = this.slab.offsetOf(ref)
    for (let i = 0; i < length; i++) if (chunk[at + i] !== bytes[start + i]) return false
    return true
  }

  #store(bytes: Uint8Array, start: number, end: number): number {
    const ref = this.slab.allocate(end - start)
    this.#platform.copy(bytes, start, end, this.slab.chunkOf(ref), this.slab.offsetOf(ref))
    return ref
  }

  #takeNumber(): number {
    const node = this.#firstFree
    if (node !== absent) {
      this.#firstFree = this.int(node, IntField.parent)
      const ints = (node & pageMask) * intCount
      const longs = (node & pageMask) * longCount
      this.#ints[node >>> pageShift]!.fill(0, ints, ints + intCount)
      this.#longs[node >>> pageShift]!.fill(0, longs, longs + longCount)
      return node
    }
    if ((this.#nextUnused & pageMask) === 0) {
      this.#ints.push(new Int32Array(pageNodes * intCount))
      this.#longs.push(new Float64Array(pageNodes * longCount))
    }
    return this.#nextUnused++
  }

  #linkToParent(node: number, parent: number): void {
    this.setInt(node, IntField.parent, parent)
    this.setInt(node, IntField.nextSibling, absent)
    this.setInt(node, IntField.previousSibling, absent)
    if (parent === absent) return
    const last = this.int(parent, IntField.lastChild)
    this.setInt(node, IntField.previousSibling, last)
    if (last === absent) this.setInt(parent, IntField.firstChild, node)
    else this.setInt(last, IntField.nextSibling, node)
    this.setInt(parent, IntField.lastChild, node)
    this.setInt(parent, IntField.childCount, this.int(parent, IntField.childCount) + 1)
  }

  #unlinkFromParent(node: number): void {
    const parent = this.int(node, IntField.parent)
    const next = this.int(node, IntField.nextSibling)
    const previous = this.int(node, IntField.previousSibling)
    if (previous === absent) this.setInt(parent, IntField.firstChild, next)
    else this.setInt(previous, IntField.nextSibling, next)
    if (next === absent) this.setInt(parent, IntField.lastChild, previous)
    else this.setInt(next, IntField.previousSibling, previous)
    this.setInt(parent, IntField.childCount, this.int(parent, IntField.childCount) - 1)
  }
}

const noBytes = new Uint8Array(0)
