/**
 * Turns transactions into changes of the tree and tells its watches.
 *
 * It decides nothing: the leader did. What a transaction cannot do here (its node is gone, say) is an anomaly of replay over
 * a snapshot that was taken while the tree changed; the remaining effect, on the parent, is carried out all the same.
 */
import {
  ErrorCode,
  JuteReader,
  lastSlash,
  OpCode,
  type Platform,
  sessionIdOf,
  type Zxid,
} from '@quorate/protocol'
import { containerOwnerHigh, ttlOwnerHigh, ttlOwnerLow } from './node-owner.ts'
import { absent, IntField, LongField, rootNode } from './node-store.ts'
import type { QuotaKeeper } from './quota-keeper.ts'
import type { TreeState } from './tree-state.ts'
import { TxnOp } from './txn-op.ts'
import type { WatchTable } from './watch-table.ts'

/** Is told of each operation right after it took effect, while the tree shows just that state. */
export interface ApplyObserver {
  /**
   * @param type the operation's; OpCode.error for what failed on the leader, with its code in `err`
   * @param node the node created or changed, else −1
   */
  operationApplied(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
  ): void
}

/** The header of the transaction under way. */
export interface TxnMoment {
  readonly sessionHigh: number
  readonly sessionLow: number
  readonly zxid: Zxid
  readonly timeMs: number
}

export class TxnApplier {
  readonly #state: TreeState
  readonly #watches: WatchTable
  readonly #quotas: QuotaKeeper
  readonly #platform: Platform
  readonly #observer: ApplyObserver
  readonly #op = new TxnOp()
  readonly #body: JuteReader

  constructor(parts: {
    readonly state: TreeState
    readonly watches: WatchTable
    readonly quotas: QuotaKeeper
    readonly platform: Platform
    readonly observer: ApplyObserver
  }) {
    this.#state = parts.state
    this.#watches = parts.watches
    this.#quotas = parts.quotas
    this.#platform = parts.platform
    this.#observer = parts.observer
    this.#body = new JuteReader(new Uint8Array(0), 0, 0, {
      platform: parts.platform,
      lengthMax: 0x7fff_ffff,
    })
  }

  /**
   * @param reader stands at the transaction's record
   * @param contentCrc the CRC over path and data of a create or setData, if it is known, else −1
   * @throws JuteError when the bytes are no transaction; the tree has not changed then
   */
  apply(type: number, reader: JuteReader, moment: TxnMoment, contentCrc: number): void {
    if (type === OpCode.multi) {
      this.#applyMulti(reader, moment)
      return
    }
    this.#op.read(type, reader)
    this.#applyOp(moment, contentCrc)
  }

  #applyMulti(reader: JuteReader, moment: TxnMoment): void {
    const start = reader.position
    const hasFailed = multiHasFailed(reader)
    const { end } = reader
    reader.reset(reader.bytes, start, end)
    const count = reader.readCount()
    for (let i = 0; i < count; i++) {
      const type = reader.readInt()
      const length = Math.max(0, reader.skipBuffer())
      const body = this.#body.reset(reader.bytes, reader.position - length, reader.position)
      this.#op.read(type, body)
      if (!hasFailed) this.#applyOp(moment, -1)
      else
        this.#observer.operationApplied(
          OpCode.error,
          type === OpCode.error ? this.#op.err : ErrorCode.Ok,
          absent,
          reader.bytes,
          0,
          0,
        )
    }
  }

  #applyOp(moment: TxnMoment, contentCrc: number): void {
    const op = this.#op
    const { type } = op
    let node = absent
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        node = this.#create(op, moment, contentCrc)
        break
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.#delete(op.bytes, op.pathStart, op.pathEnd, moment.zxid)
        break
      case OpCode.setData:
      case OpCode.reconfig:
        node = this.#setData(op, moment, contentCrc)
        break
      case OpCode.setACL:
        node = this.#setAcl(op)
        break
      case OpCode.createSession:
        this.#state.timeoutMsBySession.set(
          sessionIdOf(moment.sessionHigh, moment.sessionLow),
          op.timeoutMs,
        )
        break
      case OpCode.closeSession:
        this.#closeSession(op, moment)
        break
      default:
        break
    }
    this.#observer.operationApplied(
      type,
      type === OpCode.error ? op.err : ErrorCode.Ok,
      node,
      op.bytes,
      op.pathStart,
      op.pathEnd,
    )
  }

  #create(op: TxnOp, moment: TxnMoment, contentCrc: number): number {
    const state = this.#state
    const { nodes } = state
    const { bytes, pathStart, pathEnd } = op
    const parent = nodes.findParent(bytes, pathStart, pathEnd)
    if (parent === absent) return absent
    const known = nodes.find(bytes, pathStart, pathEnd)
    state.beforeChange(parent)
    this.#countCreate(parent, op.parentCversion, moment.zxid)
    state.refreshDigest(parent)
    if (known !== absent) {
      // The snapshot already has the node; its ACL may be a number that the snapshot's table gave away (ZOOKEEPER-4846).
      state.setAclId(known, this.#aclId(op))
      return known
    }
    const node = state.createNode(parent, bytes, pathStart, pathEnd, this.#birth(op, moment))
    state.setData(node, bytes, op.dataStart, op.dataEnd, contentCrc)
    state.refreshDigest(node)
    this.#quotas.nodeCreated(node, bytes, pathStart, pathEnd)
    this.#watches.nodeCreated(
      bytes,
      pathStart,
      pathEnd,
      moment.zxid,
      nodes.int(node, IntField.aclId),
    )
    this.#tellParent(parent, bytes, pathStart, pathEnd, moment.zxid)
    return node
  }

  #birth(
    op: TxnOp,
    moment: TxnMoment,
  ): { zxid: Zxid; timeMs: number; ownerHigh: number; ownerLow: number; aclId: number } {
    const birth = {
      zxid: moment.zxid,
      timeMs: moment.timeMs,
      ownerHigh: 0,
      ownerLow: 0,
      aclId: this.#aclId(op),
    }
    if (op.isEphemeral) {
      birth.ownerHigh = moment.sessionHigh
      birth.ownerLow = moment.sessionLow
    } else if (op.type === OpCode.createContainer) {
      birth.ownerHigh = containerOwnerHigh
    } else if (op.type === OpCode.createTTL && op.ttl > 0) {
      // Apache logs a time to live of −1 for a malformed request and dies on it, at every restart. It is an ordinary node here.
      birth.ownerHigh = ttlOwnerHigh(op.ttl)
      birth.ownerLow = ttlOwnerLow(op.ttl)
    }
    return birth
  }

  /** A replay over a later state of the parent never turns its counters back. */
  #countCreate(parent: number, parentCversion: number, zxid: Zxid): void {
    const { nodes } = this.#state
    const before = nodes.int(parent, IntField.cversion)
    const after = parentCversion === -1 ? (before + 1) | 0 : parentCversion
    // A counter that wraps around after 2^31 creates goes on growing: compare by difference.
    if (((after - before) | 0) <= 0) return
    nodes.setInt(parent, IntField.cversion, after)
    nodes.setLong(parent, LongField.pzxid, zxid)
  }

  #delete(bytes: Uint8Array, start: number, end: number, zxid: Zxid): void {
    const state = this.#state
    const { nodes } = state
    const parent = nodes.findParent(bytes, start, end)
    if (parent === absent) return
    state.beforeChange(parent)
    if (zxid > nodes.long(parent, LongField.pzxid)) nodes.setLong(parent, LongField.pzxid, zxid)
    const node = nodes.find(bytes, start, end)
    if (node === absent || node === rootNode) {
      state.refreshDigest(parent)
      return
    }
    this.#removeDescendants(node, zxid)
    const aclId = nodes.int(node, IntField.aclId)
    state.acls.addReference(aclId)
    this.#quotas.nodeDeleted(node, bytes, start, end)
    state.deleteNode(node)
    state.refreshDigest(parent)
    this.#watches.nodeDeleted(bytes, start, end, zxid, aclId)
    this.#tellParent(parent, bytes, start, end, zxid)
    state.acls.release(aclId)
  }

  /** Only a replay over a later snapshot deletes a node that has children: they were born after a later rebirth of it. */
  #removeDescendants(node: number, zxid: Zxid): void {
    const { nodes } = this.#state
    for (;;) {
      let leaf = node
      for (
        let child = nodes.int(leaf, IntField.firstChild);
        child !== absent;
        child = nodes.int(leaf, IntField.firstChild)
      )
        leaf = child
      if (leaf === node) return
      const path = nodes.pathCopy(leaf)
      this.#delete(path, 0, path.length, zxid)
    }
  }

  #setData(op: TxnOp, moment: TxnMoment, contentCrc: number): number {
    const state = this.#state
    const { nodes } = state
    const node = nodes.find(op.bytes, op.pathStart, op.pathEnd)
    if (node === absent) return absent
    const lengthBefore = Math.max(0, nodes.int(node, IntField.dataLength))
    state.setData(node, op.bytes, op.dataStart, op.dataEnd, contentCrc)
    nodes.setInt(node, IntField.version, op.version)
    nodes.setLong(node, LongField.mzxid, moment.zxid)
    nodes.setLong(node, LongField.mtime, moment.timeMs)
    state.refreshDigest(node)
    this.#quotas.dataChanged(node, op.bytes, op.pathStart, op.pathEnd, lengthBefore)
    this.#watches.nodeDataChanged(
      op.bytes,
      op.pathStart,
      op.pathEnd,
      moment.zxid,
      nodes.int(node, IntField.aclId),
    )
    return node
  }

  #setAcl(op: TxnOp): number {
    const { nodes } = this.#state
    const node = nodes.find(op.bytes, op.pathStart, op.pathEnd)
    if (node === absent) return absent
    this.#state.setAclId(node, this.#aclId(op))
    nodes.setInt(node, IntField.aversion, op.version)
    this.#state.refreshDigest(node)
    return node
  }

  #closeSession(op: TxnOp, moment: TxnMoment): void {
    const state = this.#state
    const session = sessionIdOf(moment.sessionHigh, moment.sessionLow)
    if (op.pathsAt >= 0) {
      const paths = new JuteReader(op.bytes, op.pathsAt, op.bytes.length, {
        platform: this.#platform,
        lengthMax: 0x7fff_ffff,
      })
      const count = paths.readCount()
      for (let i = 0; i < count; i++) {
        const length = paths.skipBuffer()
        this.#delete(op.bytes, paths.position - length, paths.position, moment.zxid)
      }
    }
    // What the transaction does not list: its form before 3.6 lists nothing.
    for (const node of Array.from(state.ephemeralsOf(session))) {
      const path = state.nodes.pathCopy(node)
      this.#delete(path, 0, path.length, moment.zxid)
    }
    state.timeoutMsBySession.delete(session)
  }

  #tellParent(parent: number, bytes: Uint8Array, start: number, end: number, zxid: Zxid): void {
    const cut = lastSlash(bytes, start, end)
    const parentEnd = cut === start ? start + 1 : cut
    this.#watches.childrenChanged(
      bytes,
      start,
      parentEnd,
      zxid,
      this.#state.nodes.int(parent, IntField.aclId),
    )
  }

  #aclId(op: TxnOp): number {
    return this.#state.acls.internVector(op.bytes, op.aclStart, op.aclEnd)
  }
}

function multiHasFailed(reader: JuteReader): boolean {
  let hasFailed = false
  const count = reader.readCount()
  for (let i = 0; i < count; i++) {
    if (reader.readInt() === OpCode.error) hasFailed = true
    reader.skipBuffer()
  }
  return hasFailed
}
