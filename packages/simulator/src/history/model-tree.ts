/**
 * A tree in the plainest possible way: a map of paths. It counts versions itself instead of believing the transactions, and
 * shares no code with the tree room.
 *
 * 1. Nodes are values: a change puts a new one in the place of the old, which {@link ModelTree.nodeAt} still finds.
 * 2. What lies below /zookeeper has counters of its own kind and is left out, except that {@link ModelTree.nodeAt} knows when the
 *    node of the membership changed, for those who watch it.
 */
import { OpCode, type SessionId, type Txn, type TxnBody, type Zxid } from '@quorate/protocol'
import { charsOf, type NodeView } from './tree-view.ts'
import { effectiveBodies, parentOf } from './txn-steps.ts'

export interface ModelNode extends NodeView {
  readonly childCount: number
}

/** A node from this zxid on; undefined when it is not there. */
export interface NodeState {
  readonly zxid: Zxid
  readonly node: ModelNode | undefined
}

const configPath = '/zookeeper/config'
const noOwner = 0n as SessionId
const containerOwner = (1n << 63n) as SessionId
const ttlOwner = 0xffn << 56n

export class ModelTree {
  readonly #nodes = new Map<string, ModelNode>()
  readonly #statesByPath = new Map<string, NodeState[]>()
  readonly #timeoutMsBySession = new Map<SessionId, number>()
  readonly #pathsByOwner = new Map<SessionId, Set<string>>()
  #lastZxid: Zxid = 0

  constructor() {
    // /zookeeper is the one child that is there from the start.
    this.#statesByPath.set(configPath, [{ zxid: 0, node: membershipNode(0) }])
    this.#put('/', 0, { ...newNode({ zxid: 0, time: 0 }, '', noOwner), childCount: 1 })
  }

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  get nodes(): ReadonlyMap<string, ModelNode> {
    return this.#nodes
  }

  get timeoutMsBySession(): ReadonlyMap<SessionId, number> {
    return this.#timeoutMsBySession
  }

  /** The node as it was when `zxid` was the last transaction; that may not lie ahead. */
  nodeAt(path: string, zxid: Zxid): ModelNode | undefined {
    const states = this.#statesByPath.get(path)
    if (states === undefined) return undefined
    for (let at = states.length - 1; at >= 0; at--)
      if (states[at]!.zxid <= zxid) return states[at]!.node
    return undefined
  }

  /** All states of the node so far, in their order: none if there never was one. */
  statesOf(path: string): readonly NodeState[] {
    return this.#statesByPath.get(path) ?? []
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
        for (const path of this.#pathsByOwner.get(header.clientId) ?? [])
          this.#delete(path, header.zxid)
        this.#pathsByOwner.delete(header.clientId)
        break
      case OpCode.create:
      case OpCode.create2:
        this.#create(header, body, body.ephemeral ? header.clientId : noOwner)
        break
      case OpCode.createContainer:
        this.#create(header, body, containerOwner)
        break
      case OpCode.createTTL:
        this.#create(header, body, (ttlOwner | BigInt(body.ttl)) as SessionId)
        break
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.#delete(body.path, header.zxid)
        break
      case OpCode.setData:
        this.#change(body.path, header.zxid, (node) => ({
          data: charsOf(body.data),
          version: node.version + 1,
          mzxid: header.zxid,
          mtime: header.time,
        }))
        break
      case OpCode.reconfig:
        this.#statesByPath
          .get(configPath)
          ?.push({ zxid: header.zxid, node: membershipNode(header.zxid) })
        break
      case OpCode.setACL:
        this.#change(body.path, header.zxid, ({ aversion }) => ({ aversion: aversion + 1 }))
        break
      default:
        break
    }
  }

  #create(
    header: Txn['header'],
    { path, data }: { readonly path: string; readonly data: Uint8Array | null },
    owner: SessionId,
  ): void {
    if (isSystemPath(path)) return
    this.#put(path, header.zxid, newNode(header, charsOf(data), owner))
    if (owner === header.clientId) {
      const paths = this.#pathsByOwner.get(owner)
      if (paths === undefined) this.#pathsByOwner.set(owner, new Set([path]))
      else paths.add(path)
    }
    this.#change(parentOf(path), header.zxid, ({ cversion, childCount }) => ({
      cversion: cversion + 1,
      childCount: childCount + 1,
      pzxid: header.zxid,
    }))
  }

  #delete(path: string, zxid: Zxid): void {
    const node = this.#nodes.get(path)
    if (node === undefined) return
    this.#pathsByOwner.get(node.owner)?.delete(path)
    this.#put(path, zxid, undefined)
    this.#change(parentOf(path), zxid, ({ childCount }) => ({
      childCount: childCount - 1,
      pzxid: zxid,
    }))
  }

  #change(path: string, zxid: Zxid, change: (node: ModelNode) => Partial<ModelNode>): void {
    const node = this.#nodes.get(path)
    if (node !== undefined) this.#put(path, zxid, { ...node, ...change(node) })
  }

  #put(path: string, zxid: Zxid, node: ModelNode | undefined): void {
    if (node === undefined) this.#nodes.delete(path)
    else this.#nodes.set(path, node)
    const states = this.#statesByPath.get(path)
    if (states === undefined) this.#statesByPath.set(path, [{ zxid, node }])
    else if (states.at(-1)!.zxid === zxid) states[states.length - 1] = { zxid, node }
    else states.push({ zxid, node })
  }
}

function membershipNode(mzxid: Zxid): ModelNode {
  return { ...newNode({ zxid: 0, time: 0 }, '', noOwner), mzxid }
}

function isSystemPath(path: string): boolean {
  return path === '/zookeeper' || path.startsWith('/zookeeper/')
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
    childCount: 0,
  }
}
