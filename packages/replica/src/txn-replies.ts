/**
 * Makes the reply to a write from the transaction being applied: what became of its operations, while the tree shows just that.
 */
import {
  ErrorCode,
  JuteWriter,
  OpCode,
  type Platform,
  statLength,
  txnType,
  writeMultiHeader,
  type Zxid,
} from '@quorate/protocol'
import { absent, type ApplyObserver, IntField, type PathSpan, type Tree } from '@quorate/tree'
import type { OrderedRequest } from './write.ts'

export class TxnReplies implements ApplyObserver {
  readonly #tree: Tree
  /** The results of the multi being applied, in the order of its operations. */
  readonly #multiResults: JuteWriter
  #isMulti = false
  #err = 0
  #isMoved = false
  #node: number = absent
  #path: PathSpan = { bytes: new Uint8Array(0), start: 0, end: 0 }

  constructor(tree: Tree, platform: Platform) {
    this.#tree = tree
    this.#multiResults = new JuteWriter(1024, platform)
  }

  /** This transaction is applied next. */
  begin(txn: Uint8Array): void {
    this.#isMulti = txnType(txn) === OpCode.multi
    this.#isMoved = false
    this.#multiResults.clear()
  }

  /** What the request has failed with as a whole; a multi has its own way to tell. */
  get err(): number {
    return this.#isMulti ? ErrorCode.Ok : this.#err
  }

  /** The request came through a server that its session has left: nobody is answered. */
  get isMoved(): boolean {
    return this.#isMoved
  }

  operationApplied(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (err === ErrorCode.SessionMoved) this.#isMoved = true
    if (this.#isMulti) {
      this.#writeMultiResult(type, err, node, bytes, start, end)
      return
    }
    this.#err = err
    this.#node = node
    this.#path = { bytes, start, end }
  }

  /** Begins the reply to the request that was applied last, and writes its body. */
  write(request: OrderedRequest, zxid: Zxid): void {
    const { err } = this
    const out = request.connection.beginReply(request.xid, zxid, err)
    if (err === ErrorCode.Ok) this.#writeBody(request.type, out)
  }

  #writeBody(type: number, out: JuteWriter): void {
    const { bytes, start, end } = this.#path
    switch (type) {
      case OpCode.create:
        out.writeSpan(bytes, start, end)
        break
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        out.writeSpan(bytes, start, end)
        this.#writeStat(this.#node, out)
        break
      case OpCode.reconfig:
        this.#writeData(this.#node, out)
        this.#writeStat(this.#node, out)
        break
      case OpCode.setData:
      case OpCode.setACL:
        this.#writeStat(this.#node, out)
        break
      case OpCode.multi: {
        const results = this.#multiResults.written()
        out.writeBytes(results, 0, results.length)
        writeMultiHeader(out, -1, true, -1)
        break
      }
      default:
        break
    }
  }

  #writeMultiResult(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const out = this.#multiResults
    switch (type) {
      case OpCode.error:
        writeMultiHeader(out, OpCode.error, false, err)
        out.writeInt(err)
        break
      case OpCode.create:
        writeMultiHeader(out, OpCode.create, false, ErrorCode.Ok)
        out.writeSpan(bytes, start, end)
        break
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        writeMultiHeader(out, OpCode.create2, false, ErrorCode.Ok)
        out.writeSpan(bytes, start, end)
        this.#writeStat(node, out)
        break
      case OpCode.setData:
        writeMultiHeader(out, OpCode.setData, false, ErrorCode.Ok)
        this.#writeStat(node, out)
        break
      default:
        writeMultiHeader(out, type, false, ErrorCode.Ok)
        break
    }
  }

  #writeData(node: number, out: JuteWriter): void {
    const { nodes } = this.#tree
    const at = nodes.dataOffset(node)
    out.writeSpan(nodes.dataChunk(node), at, at + nodes.int(node, IntField.dataLength))
  }

  #writeStat(node: number, out: JuteWriter): void {
    const at = out.reserve(statLength)
    this.#tree.writeStat(node, out.bytes, at)
  }
}
