/**
 * What the transaction that was applied last means to who asked for it: the error code and the body of the reply, as they stood when
 * it took effect. Every server makes it for every transaction, be it a replay, so that all know the same ({@link OutcomeTable}).
 */
import {
  ErrorCode,
  JuteWriter,
  OpCode,
  type Platform,
  statLength,
  writeMultiHeader,
} from '@quorate/protocol'
import { absent, IntField } from './node-store.ts'
import type { TreeState } from './tree-state.ts'
import type { ApplyObserver } from './txn-applier.ts'

/** A body of this length stays in the writer; after a longer one it starts with a new buffer. */
const bodyBytesKept = 65_536

export class TxnResult implements ApplyObserver {
  /** The body of the reply: bytes up to the position. Empty when the request failed. */
  body: JuteWriter
  readonly #state: TreeState
  readonly #platform: Platform
  #isMulti = false
  #err: number = ErrorCode.Ok
  #isMoved = false

  constructor(state: TreeState, platform: Platform) {
    this.#state = state
    this.#platform = platform
    this.body = new JuteWriter(1024, platform)
  }

  /** What the request has failed with as a whole; a multi has its own way to tell. */
  get err(): number {
    return this.#isMulti ? ErrorCode.Ok : this.#err
  }

  /** The request came through a server that its session has left: nobody is answered. */
  get isMoved(): boolean {
    return this.#isMoved
  }

  /** A transaction of this type is applied next. */
  begin(type: number): void {
    this.#isMulti = type === OpCode.multi
    this.#isMoved = false
    if (this.body.bytes.length > bodyBytesKept) this.body = new JuteWriter(1024, this.#platform)
    this.body.clear()
  }

  operationApplied(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#err = err
    if (err === ErrorCode.SessionMoved) this.#isMoved = true
    if (this.#isMulti) this.#addMultiResult(type, err, node, bytes, start, end)
    else if (err === ErrorCode.Ok) this.#writeBody(type, node, bytes, start, end)
  }

  /** All of it has been applied. */
  end(): void {
    if (this.#isMulti) writeMultiHeader(this.body, -1, true, -1)
  }

  #writeBody(type: number, node: number, bytes: Uint8Array, start: number, end: number): void {
    const { body } = this
    switch (type) {
      case OpCode.create:
        body.writeSpan(bytes, start, end)
        break
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        body.writeSpan(bytes, start, end)
        this.#writeStat(node)
        break
      case OpCode.reconfig:
        this.#writeData(node)
        this.#writeStat(node)
        break
      case OpCode.setData:
      case OpCode.setACL:
        this.#writeStat(node)
        break
      default:
        break
    }
  }

  #addMultiResult(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { body } = this
    switch (type) {
      case OpCode.error:
        writeMultiHeader(body, OpCode.error, false, err)
        body.writeInt(err)
        break
      case OpCode.create:
        writeMultiHeader(body, OpCode.create, false, ErrorCode.Ok)
        body.writeSpan(bytes, start, end)
        break
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        writeMultiHeader(body, OpCode.create2, false, ErrorCode.Ok)
        body.writeSpan(bytes, start, end)
        this.#writeStat(node)
        break
      case OpCode.setData:
        writeMultiHeader(body, OpCode.setData, false, ErrorCode.Ok)
        this.#writeStat(node)
        break
      default:
        writeMultiHeader(body, type, false, ErrorCode.Ok)
        break
    }
  }

  #writeData(node: number): void {
    const { nodes } = this.#state
    const at = nodes.dataOffset(node)
    this.body.writeSpan(nodes.dataChunk(node), at, at + nodes.int(node, IntField.dataLength))
  }

  /** Only a replay over a later snapshot misses the node; nobody is told of that result. */
  #writeStat(node: number): void {
    const at = this.body.reserve(statLength)
    if (node === absent) this.body.bytes.fill(0, at, at + statLength)
    else
      this.#state.nodes.writeStat(
        node,
        this.body.bytes,
        at,
        this.#state.ownerKind(node) === 'session',
      )
  }
}
