/** A tree with its preparer, asked with records instead of bytes, and ways to look at all of it. */
import assert from 'node:assert/strict'
import {
  type Acl,
  type Codec,
  createRequest,
  createTtlRequest,
  JuteReader,
  JuteWriter,
  multiRequest,
  type MultiOp,
  OpCode,
  pathVersionRequest,
  purePlatform,
  setAclRequest,
  setDataRequest,
  sessionIdHigh,
  sessionIdLow,
  type SessionId,
  txn,
  type Txn,
  utf8Encode,
} from '@quorate/protocol'
import { type DigestHalves, Tree } from '@quorate/tree'
import { IntField, LongField } from '../src/node-store.ts'
import type { Preparer } from '../src/preparer.ts'
import type { PreparerOptions, RequestContext } from '../src/request-context.ts'
import type { NaiveContext, NaiveOp } from './naive-tree.ts'
import { people, sessions, type Step } from './tree-steps.ts'

/** A transaction that was prepared but not applied. */
export interface Proposed {
  readonly bytes: Uint8Array
  readonly contentCrc: number
  readonly zxid: number
}

export interface PrepareOutcome {
  readonly err: number
  readonly proposed: Proposed
}

const requestCodecs = new Map<number, Codec<never>>([
  [OpCode.create, createRequest],
  [OpCode.create2, createRequest],
  [OpCode.createContainer, createRequest],
  [OpCode.createTTL, createTtlRequest],
  [OpCode.delete, pathVersionRequest],
  [OpCode.setData, setDataRequest],
  [OpCode.setACL, setAclRequest],
  [OpCode.check, pathVersionRequest],
] as unknown as [number, Codec<never>][])

/** A tree that must never see a digest that is not its own. */
export function emptyTree(): Tree {
  return new Tree({
    platform: purePlatform,
    extendedTypesEnabled: true,
    digestMismatched: (mismatch) => assert.fail(`digest mismatch ${JSON.stringify(mismatch)}`),
  })
}

export function freshTree(): Tree {
  const tree = emptyTree()
  tree.createSystemNodes()
  return tree
}

export function digestOf({ high, low }: DigestHalves): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

export function findNode(tree: Tree, path: string): number {
  const bytes = utf8Encode(path)
  return tree.nodes.find(bytes, 0, bytes.length)
}

export class Leader {
  readonly tree: Tree
  preparer: Preparer
  readonly inFlight: Proposed[] = []

  constructor(tree: Tree = freshTree(), options: Partial<PreparerOptions> = {}) {
    this.tree = tree
    this.preparer = tree.preparer({
      extendedTypesEnabled: true,
      enforceQuota: false,
      skipAcl: false,
      digestEnabled: true,
      ...options,
    })
  }

  prepare(op: NaiveOp, context: NaiveContext): PrepareOutcome {
    const defaults = { data: null, acl: null, flags: 0, ttl: 0, version: -1 }
    const request = encoded(requestCodecs.get(op.type)!, { ...defaults, ...op })
    return this.#propose(context, (real, writer) =>
      this.preparer.prepare(op.type, request, real, writer),
    )
  }

  prepareMulti(ops: readonly NaiveOp[], context: NaiveContext): PrepareOutcome {
    const defaults = { data: null, acl: null, flags: 0, ttl: 0, version: -1 }
    const whole = ops.map((op) => ({ ...defaults, ...op })) as unknown as readonly MultiOp[]
    const request = encoded(multiRequest as Codec<never>, whole)
    return this.#propose(context, (real, writer) => {
      this.preparer.prepareMulti(request, real, writer)
      return 0
    })
  }

  prepareCloseSession(context: NaiveContext): PrepareOutcome {
    return this.#propose(context, (real, writer) => {
      this.preparer.prepareCloseSession(real, writer)
      return 0
    })
  }

  prepareCreateSession(timeoutMs: number, context: NaiveContext): PrepareOutcome {
    return this.#propose(context, (real, writer) => {
      this.preparer.prepareCreateSession(timeoutMs, real, writer)
      return 0
    })
  }

  prepareDeleteContainer(path: string, context: NaiveContext): PrepareOutcome {
    return this.#propose(context, (real, writer) =>
      this.preparer.prepareDeleteContainer(utf8Encode(path), real, writer),
    )
  }

  /** Applies the oldest proposals. */
  apply(count: number = this.inFlight.length): void {
    for (const { bytes, contentCrc, zxid } of this.inFlight.splice(0, count)) {
      this.tree.apply(bytes, 0, bytes.length, contentCrc)
      this.preparer.applied(zxid)
    }
  }

  #propose(
    context: NaiveContext,
    prepare: (real: RequestContext, writer: JuteWriter) => number,
  ): PrepareOutcome {
    const writer = new JuteWriter()
    const session = context.session as SessionId
    const err = prepare(
      {
        ...context,
        sessionHigh: sessionIdHigh(session),
        sessionLow: sessionIdLow(session),
        cxid: 1,
      },
      writer,
    )
    const { contentCrc } = this.preparer
    const proposed = { bytes: writer.copy(), contentCrc, zxid: context.zxid }
    this.inFlight.push(proposed)
    return { err, proposed }
  }
}

export function decodeTxn(bytes: Uint8Array): Txn {
  return txn.decode(new JuteReader(bytes))
}

/** All that a client or a snapshot can see of a node. */
export interface NodePicture {
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[]
  readonly czxid: number
  readonly mzxid: number
  readonly pzxid: number
  readonly ctime: number
  readonly mtime: number
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly owner: bigint
}

export function picture(tree: Tree): Map<string, NodePicture> {
  const { nodes } = tree
  const pictures = new Map<string, NodePicture>()
  for (const node of [0, ...nodes.descendants(0)]) {
    const int = (field: number): number => nodes.int(node, field)
    const long = (field: number): number => nodes.long(node, field)
    assert.equal(findNode(tree, nodes.pathText(node)), node)
    pictures.set(nodes.pathText(node), {
      data: nodes.dataCopy(node),
      acl: tree.acl(node),
      czxid: long(LongField.czxid),
      mzxid: long(LongField.mzxid),
      pzxid: long(LongField.pzxid),
      ctime: long(LongField.ctime),
      mtime: long(LongField.mtime),
      version: int(IntField.version),
      cversion: int(IntField.cversion),
      aversion: int(IntField.aversion),
      owner: digestOf({ high: int(IntField.ownerHigh), low: int(IntField.ownerLow) }),
    })
  }
  return pictures
}

/** The names of the nodes that are registered as special. */
export function registers(tree: Tree): unknown {
  const name = (node: number): string => tree.nodes.pathText(node)
  return {
    containers: Array.from(tree.containers, name).toSorted(),
    ttlNodes: Array.from(tree.ttlNodes, name).toSorted(),
    ephemerals: Array.from(tree.ephemeralsBySession, ([session, nodes]) => [
      session,
      Array.from(nodes, name).toSorted(),
    ]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ephemeralCount: tree.ephemeralCount,
    sessions: Array.from(tree.timeoutMsBySession).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  }
}

/** Everything about two trees is the same. */
export function assertSameTree(actual: Tree, expected: Tree): void {
  assert.deepEqual(picture(actual), picture(expected))
  assert.deepEqual(registers(actual), registers(expected))
  assert.equal(digestOf(actual.digest), digestOf(expected.digest))
  assert.equal(actual.lastZxid, expected.lastZxid)
}

function encoded(codec: Codec<never>, value: object): JuteReader {
  const writer = new JuteWriter()
  codec.encode(writer, value as never)
  return new JuteReader(writer.copy())
}

/** Prepares what a step of a random run asks for, and applies what it says. */
export function take(leader: Leader, one: Step, zxid: number): void {
  if (one.kind === 'apply') {
    leader.apply(one.count)
    return
  }
  const context = {
    session: sessions['session' in one ? one.session : 0],
    zxid,
    timeMs: 1_000 + zxid,
    identities: people['who' in one ? one.who : 0],
  }
  if (one.kind === 'single') leader.prepare(one.op, context)
  else if (one.kind === 'multi') leader.prepareMulti(one.ops, context)
  else if (one.kind === 'deleteContainer') leader.prepareDeleteContainer(one.path, context)
  else if (one.kind === 'closeSession') leader.prepareCloseSession(context)
  else leader.prepareCreateSession(4_000, context)
}
