/**
 * Writes a tree out as it was at one moment, in slices, while it goes on changing.
 *
 * 1. Each node that existed when the walk began is written exactly once, as it was then.
 * 2. A node is written after its parent.
 *
 * The walk goes through the tree in pre-order. A node that is about to change before the walk has come to it is written ahead,
 * its unwritten ancestors first; nodes born later carry the walk's number from birth and are passed over. So no copy
 * of the tree and no old versions are kept, and a change costs at most one early write per node.
 */
import { JuteWriter, type Platform, type Zxid } from '@quorate/protocol'
import { absent, IntField, LongField, rootNode } from './node-store.ts'
import type { OutcomeImage, OutcomeTable } from './outcome-table.ts'
import type { DigestHalves, SnapshotImage } from './snapshot-image.ts'
import type { ChangeListener, TreeState } from './tree-state.ts'

/** It grows as needed: a tree that is small, or changes little, has no more to write ahead. */
const aheadBytesLeast = 4_096

export class SnapshotWalk implements SnapshotImage, ChangeListener {
  readonly zxid: Zxid
  readonly digest: DigestHalves
  readonly outcomes: OutcomeImage
  readonly #state: TreeState
  readonly #number: number
  /** What was written but not yet asked for: the head of the image, and nodes written ahead. */
  readonly #ahead: JuteWriter
  /** The node that comes next in pre-order. */
  #cursor: number = rootNode
  #isWalking = true
  #isClosed = false

  constructor(state: TreeState, outcomes: OutcomeTable, platform: Platform) {
    this.#state = state
    this.#number = ++state.walkNumber
    this.#ahead = new JuteWriter(aheadBytesLeast, platform)
    this.zxid = state.lastZxid
    this.digest = { high: state.digest.high, low: state.digest.low }
    this.outcomes = outcomes.openImage()
    state.walk = this
    state.acls.hold()
    this.#writeHead()
  }

  writeNext(writer: JuteWriter, lengthTarget: number): boolean {
    const start = writer.position
    const ahead = this.#ahead.written()
    writer.writeBytes(ahead, 0, ahead.length)
    this.#ahead.clear()
    while (this.#cursor !== absent && writer.position - start < lengthTarget) {
      const node = this.#cursor
      this.#cursor = this.#state.nodes.next(node, rootNode)
      this.#writeOnce(writer, node)
    }
    if (this.#cursor !== absent) return true
    writer.writeString('/')
    this.#endWalk()
    return false
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#endWalk()
    this.outcomes.close()
  }

  /** Called by the tree before `node` changes. Not recursive: a client can make a tree deeper than the stack. */
  writeAhead(node: number): void {
    const { nodes } = this.#state
    const unwritten: number[] = []
    for (
      let at = node;
      at !== absent && nodes.int(at, IntField.writtenTo) !== this.#number;
      at = nodes.int(at, IntField.parent)
    )
      unwritten.push(at)
    for (const at of unwritten.toReversed()) this.#writeOnce(this.#ahead, at)
  }

  /** Called by the tree before `node`, which has no children, goes away. */
  stepPast(node: number): void {
    if (this.#cursor === node) this.#cursor = this.#state.nodes.next(node, rootNode)
  }

  #endWalk(): void {
    if (!this.#isWalking) return
    this.#isWalking = false
    this.#state.walk = undefined
    this.#state.acls.releaseHold()
  }

  #writeHead(): void {
    const { timeoutMsBySession, acls } = this.#state
    const head = this.#ahead
    head.writeInt(timeoutMsBySession.size)
    for (const [session, timeoutMs] of timeoutMsBySession) {
      head.writeSessionId(session)
      head.writeInt(timeoutMs)
    }
    acls.writeTo(head)
  }

  #writeOnce(writer: JuteWriter, node: number): void {
    const { nodes } = this.#state
    if (nodes.int(node, IntField.writtenTo) === this.#number) return
    nodes.setInt(node, IntField.writtenTo, this.#number)
    if (node === rootNode) writer.writeInt(0)
    else {
      const at = nodes.pathOffset(node)
      writer.writeSpan(nodes.pathChunk(node), at, at + nodes.int(node, IntField.pathLength))
    }
    const length = nodes.int(node, IntField.dataLength)
    if (length < 0) writer.writeInt(-1)
    else {
      const at = nodes.dataOffset(node)
      writer.writeSpan(nodes.dataChunk(node), at, at + length)
    }
    writer.writeLong(nodes.int(node, IntField.aclId))
    writer.writeLong(nodes.long(node, LongField.czxid))
    writer.writeLong(nodes.long(node, LongField.mzxid))
    writer.writeLong(nodes.long(node, LongField.ctime))
    writer.writeLong(nodes.long(node, LongField.mtime))
    writer.writeInt(nodes.int(node, IntField.version))
    writer.writeInt(nodes.int(node, IntField.cversion))
    writer.writeInt(nodes.int(node, IntField.aversion))
    writer.writeHalves(nodes.int(node, IntField.ownerHigh), nodes.int(node, IntField.ownerLow))
    writer.writeLong(nodes.long(node, LongField.pzxid))
  }
}
