/**
 * A tree in the plainest possible way: a map of paths. It counts versions itself instead of believing the transactions, and
 * shares no code with the tree room.
 */
import { OpCode, type SessionId, type Txn, type TxnBody, type Zxid } from '@quorate/protocol'
import { hexOf, type NodeView } from './tree-view.ts'
import { effectiveBodies, parentOf } from './txn-steps.ts'

type ModelNode = { -readonly [K in keyof NodeView]: NodeView[K] }

const noOwner = 0n as SessionId

export class ModelTree {
  readonly #nodes = new Map<string, ModelNode>([['/', newNode({ zxid: 0, time: 0 }, '', noOwner)]])
  readonly #timeoutMsBySession = new Map<SessionId, number>()
  #lastZxid: Zxid = 0

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  get nodes(): ReadonlyMap<string, NodeView> {
    return this.#nodes
  }

  get timeoutMsBySession(): ReadonlyMap<SessionId, number> {
    return this.#timeoutMsBySession
  }

  /** Transactions that have been applied are passed over. Returns whether this one is new. */
  apply(txn: Txn): boolean {
    if (txn.header.zxid <= this.#lastZxid) return false
    this.#lastZxid = txn.header.zxid
    for (const body of effectiveBodies(txn)) this.#applyBody(txn, body)
    return true
  }

  #applyBody({ header }: Txn, body: TxnBody): void {
    switch (body.type) {
      case OpCode.createSession:
        this.#timeoutMsBySession.set(header.clientId, body.timeOut)
        break
      case OpCode.closeSession:
        this.#timeoutMsBySession.delete(header.clientId)
        for (const [path, { owner }] of this.#nodes)
          if (owner === header.clientId) this.#delete(path, header.zxid)
        break
      case OpCode.create:
      case OpCode.create2: {
        const node = newNode(header, hexOf(body.data), body.ephemeral ? header.clientId : noOwner)
        this.#nodes.set(body.path, node)
        const parent = this.#nodes.get(parentOf(body.path))
        if (parent === undefined) break
        parent.cversion++
        parent.pzxid = header.zxid
        break
      }
      case OpCode.delete:
        this.#delete(body.path, header.zxid)
        break
      case OpCode.setData: {
        const node = this.#nodes.get(body.path)
        if (node === undefined) break
        node.data = hexOf(body.data)
        node.version++
        node.mzxid = header.zxid
        node.mtime = header.time
        break
      }
      default:
        break
    }
  }

  #delete(path: string, zxid: Zxid): void {
    this.#nodes.delete(path)
    const parent = this.#nodes.get(parentOf(path))
    if (parent !== undefined) parent.pzxid = zxid
  }
}

function newNode(
  { zxid, time }: { readonly zxid: Zxid; readonly time: number },
  data: string | null,
  owner: SessionId,
): ModelNode {
  return {
    data,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: time,
    mtime: time,
    version: 0,
    cversion: 0,
    aversion: 0,
    owner,
  }
}
