/**
 * Finds nodes by the hash of their path: an extendible hash table. It grows one segment of 4 KiB at a time, so no create
 * ever waits for a table of millions to be rebuilt.
 *
 * 1. The upper bits of a hash choose the segment through the directory, the lower ones the slot in it.
 * 2. A slot holds node + 1; 0 is empty. Within a segment there is no empty slot between a node and its home slot.
 */
const segmentSlots = 1024
/** Beyond this the directory no longer doubles; a segment that hashes crowd into grows by itself. */
const depthMax = 20

/** The nodes behind an index: it stores their numbers only. */
export interface IndexedNodes {
  hashOf(node: number): number
  hasPath(node: number, bytes: Uint8Array, start: number, end: number): boolean
}

class Segment {
  slots: Int32Array
  readonly depth: number
  count = 0
  constructor(depth: number, slotCount: number = segmentSlots) {
    this.depth = depth
    this.slots = new Int32Array(slotCount)
  }
}

export class PathIndex {
  readonly #nodes: IndexedNodes
  #directory: Segment[] = [new Segment(0)]
  #depth = 0
  #size = 0

  constructor(nodes: IndexedNodes) {
    this.#nodes = nodes
  }

  get size(): number {
    return this.#size
  }

  /** The node with the path `bytes[start, end)`, or −1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const { slots } = this.#segment(hash)
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = slots[slot]! - 1
      if (node === -1) return -1
      if (this.#nodes.hashOf(node) === hash && this.#nodes.hasPath(node, bytes, start, end))
        return node
    }
  }

  add(hash: number, node: number): void {
    let segment = this.#segment(hash)
    while (segment.count >= segment.slots.length * 0.75) {
      if (segment.depth < depthMax) this.#split(hash, segment)
      else this.#enlarge(segment)
      segment = this.#segment(hash)
    }
    insert(segment, hash, node)
    this.#size++
  }

  remove(hash: number, node: number): void {
    const segment = this.#segment(hash)
    const { slots } = segment
    const mask = slots.length - 1
    let hole = hash & mask
    while (slots[hole] !== node + 1) {
      if (slots[hole] === 0) throw new Error(`node ${node} is not in the path index`)
      hole = (hole + 1) & mask
    }
    // Pull back what probed past the hole, so that rule 2 holds without tombstones.
    for (let at = (hole + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#nodes.hashOf(slots[at]! - 1) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        slots[hole] = slots[at]!
        hole = at
      }
    }
    slots[hole] = 0
    segment.count--
    this.#size--
  }

  #segment(hash: number): Segment {
    // A shift by 32 is a shift by 0 in JavaScript, and the directory of depth 0 has one segment.
    return this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)]!
  }

  #split(hash: number, full: Segment): void {
    if (full.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((segment) => [segment, segment])
      this.#depth++
    }
    const depth = full.depth + 1
    const halves = [new Segment(depth), new Segment(depth)] as const
    for (const slot of full.slots) {
      if (slot === 0) continue
      const nodeHash = this.#nodes.hashOf(slot - 1)
      insert(halves[((nodeHash >>> (32 - depth)) & 1) as 0 | 1], nodeHash, slot - 1)
    }
    const span = 1 << (this.#depth - full.depth)
    const first = (hash >>> (32 - this.#depth)) & ~(span - 1)
    for (let i = 0; i < span; i++) this.#directory[first + i] = halves[i < span / 2 ? 0 : 1]
  }

  #enlarge(full: Segment): void {
    const larger = new Segment(full.depth, 2 * full.slots.length)
    for (const slot of full.slots)
      if (slot !== 0) insert(larger, this.#nodes.hashOf(slot - 1), slot - 1)
    full.slots = larger.slots
  }
}

function insert(segment: Segment, hash: number, node: number): void {
  const { slots } = segment
  const mask = slots.length - 1
  let slot = hash & mask
  while (slots[slot] !== 0) slot = (slot + 1) & mask
  slots[slot] = node + 1
  segment.count++
}
