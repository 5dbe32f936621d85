/**
 * ZooKeeper's tree as plainly as it can be said: a map from path strings to objects, written from the rules of the protocol and
 * not from the code beside it. Tests compare the real one with it.
 */
import zlib from 'node:zlib'
import { type Acl, ErrorCode, OpCode, Perms, utf8Encode } from '@quorate/protocol'
import type { Identity } from '../src/identity.ts'

export interface NaiveNode {
  data: Uint8Array | null
  acl: readonly Acl[]
  czxid: number
  mzxid: number
  pzxid: number
  ctime: number
  mtime: number
  version: number
  /** Creates below this node. */
  cversion: number
  aversion: number
  owner: bigint
}

/** A write as a client asks for it; which fields count depends on the type. */
export interface NaiveOp {
  readonly type: number
  readonly path: string
  readonly data?: Uint8Array | null
  readonly acl?: readonly Acl[] | null
  readonly flags?: number
  readonly ttl?: number
  readonly version?: number
}

export interface NaiveContext {
  readonly session: bigint
  readonly zxid: number
  readonly timeMs: number
  readonly identities: readonly Identity[]
}

export interface NaiveResult {
  readonly err: number
  /** The path of what was created. */
  readonly path?: string
}

const containerOwner = 1n << 63n
const protectedPaths = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'])
const anyone = { scheme: 'world', id: 'anyone' }
const open: readonly Acl[] = [{ perms: Perms.all, id: anyone }]

export class NaiveTree {
  nodes = new Map<string, NaiveNode>()

  constructor() {
    for (const path of ['/', '/zookeeper', '/zookeeper/quota'])
      this.nodes.set(path, emptyNode(open))
    this.nodes.set('/zookeeper/config', {
      ...emptyNode([{ perms: Perms.read, id: anyone }]),
      aversion: -1,
    })
  }

  /** Carries one write out, or says why not. */
  write(op: NaiveOp, context: NaiveContext): NaiveResult {
    switch (op.type) {
      case OpCode.delete:
        return { err: this.#delete(op, context) }
      case OpCode.setData:
        return { err: this.#setData(op, context) }
      case OpCode.setACL:
        return { err: this.#setAcl(op, context) }
      case OpCode.check:
        return { err: this.#check(op, context) }
      default:
        return this.#create(op, context)
    }
  }

  /** All or nothing; the codes of all operations. */
  multi(ops: readonly NaiveOp[], context: NaiveContext): NaiveResult[] {
    const before = new Map(Array.from(this.nodes, ([path, node]) => [path, { ...node }] as const))
    const results: NaiveResult[] = []
    for (const op of ops) {
      const result = this.write(op, context)
      results.push(result)
      if (result.err === ErrorCode.Ok) continue
      this.nodes = before
      return ops.map((_, i) =>
        i < results.length - 1
          ? { err: ErrorCode.Ok }
          : i === results.length - 1
            ? result
            : { err: ErrorCode.RuntimeInconsistency },
      )
    }
    return results
  }

  /** Returns the paths that went. */
  closeSession(context: NaiveContext): string[] {
    const paths = Array.from(this.nodes.keys()).filter(
      (path) => this.nodes.get(path)!.owner === context.session,
    )
    for (const path of paths) this.#remove(path, context.zxid)
    return paths
  }

  deleteContainer(path: string, context: NaiveContext): number {
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.NoNode
    if (this.childrenOf(path).length > 0) return ErrorCode.NotEmpty
    if (node.owner === 0n || isSessionOwner(node.owner)) return ErrorCode.BadVersion
    this.#remove(path, context.zxid)
    return ErrorCode.Ok
  }

  childrenOf(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`
    return Array.from(this.nodes.keys()).filter(
      (other) =>
        other !== '/' && other.startsWith(prefix) && !other.slice(prefix.length).includes('/'),
    )
  }

  /** The sum of all nodes' CRCs but those below /zookeeper. */
  digest(): bigint {
    let sum = 0n
    for (const [path, node] of this.nodes)
      if (!path.startsWith('/zookeeper/')) sum += BigInt(nodeCrc(path, node))
    return BigInt.asUintN(64, sum)
  }

  #create(op: NaiveOp, context: NaiveContext): NaiveResult {
    const { path, flags = 0, data = null } = op
    const flagsError = createFlagsError(op)
    if (flagsError !== ErrorCode.Ok) return { err: flagsError }
    if (!path.includes('/') || path.includes('\0')) return { err: ErrorCode.BadArguments }
    const acl = fixAcl(op.acl ?? [], context.identities)
    if (acl === null) return { err: ErrorCode.InvalidACL }
    const parentPath = path.slice(0, path.lastIndexOf('/')) || '/'
    const parent = this.nodes.get(parentPath)
    if (parent === undefined) return { err: ErrorCode.NoNode }
    if (!isAllowed(parent.acl, Perms.create, context)) return { err: ErrorCode.NoAuth }
    const isSequential = flags === 2 || flags === 3 || flags === 6
    const full = isSequential ? path + suffix(parent.cversion) : path
    if (!isValid(full)) return { err: ErrorCode.BadArguments }
    if (this.nodes.has(full)) return { err: ErrorCode.NodeExists }
    if (isSessionOwner(parent.owner)) return { err: ErrorCode.NoChildrenForEphemerals }
    parent.cversion = (parent.cversion + 1) | 0
    parent.pzxid = context.zxid
    this.nodes.set(full, {
      ...emptyNode(acl),
      data,
      czxid: context.zxid,
      mzxid: context.zxid,
      pzxid: context.zxid,
      ctime: context.timeMs,
      mtime: context.timeMs,
      owner: ownerOf(op, context),
    })
    return { err: ErrorCode.Ok, path: full }
  }

  #delete({ path, version = -1 }: NaiveOp, context: NaiveContext): number {
    if (!path.includes('/') || path.includes('\0') || protectedPaths.has(path))
      return ErrorCode.BadArguments
    const parent = this.nodes.get(path.slice(0, path.lastIndexOf('/')) || '/')
    if (parent === undefined) return ErrorCode.NoNode
    if (!isAllowed(parent.acl, Perms.delete, context)) return ErrorCode.NoAuth
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.NoNode
    if (version !== -1 && version !== node.version) return ErrorCode.BadVersion
    if (this.childrenOf(path).length > 0) return ErrorCode.NotEmpty
    this.#remove(path, context.zxid)
    return ErrorCode.Ok
  }

  #setData({ path, data = null, version = -1 }: NaiveOp, context: NaiveContext): number {
    const node = this.nodes.get(path)
    if (!isValid(path)) return ErrorCode.BadArguments
    if (node === undefined) return ErrorCode.NoNode
    if (!isAllowed(node.acl, Perms.write, context)) return ErrorCode.NoAuth
    if (version !== -1 && version !== node.version) return ErrorCode.BadVersion
    node.data = data
    node.version = (node.version + 1) | 0
    node.mzxid = context.zxid
    node.mtime = context.timeMs
    return ErrorCode.Ok
  }

  #setAcl(op: NaiveOp, context: NaiveContext): number {
    const { path, version = -1 } = op
    if (!isValid(path)) return ErrorCode.BadArguments
    const acl = fixAcl(op.acl ?? [], context.identities)
    if (acl === null) return ErrorCode.InvalidACL
    const node = this.nodes.get(path)
    if (node === undefined) return ErrorCode.NoNode
    if (!isAllowed(node.acl, Perms.admin, context)) return ErrorCode.NoAuth
    if (version !== -1 && version !== node.aversion) return ErrorCode.BadVersion
    node.acl = acl
    node.aversion = (node.aversion + 1) | 0
    return ErrorCode.Ok
  }

  #check({ path, version = -1 }: NaiveOp, context: NaiveContext): number {
    const node = this.nodes.get(path)
    if (!isValid(path)) return ErrorCode.BadArguments
    if (node === undefined) return ErrorCode.NoNode
    if (!isAllowed(node.acl, Perms.read, context)) return ErrorCode.NoAuth
    return version === -1 || version === node.version ? ErrorCode.Ok : ErrorCode.BadVersion
  }

  #remove(path: string, zxid: number): void {
    this.nodes.delete(path)
    this.nodes.get(path.slice(0, path.lastIndexOf('/')) || '/')!.pzxid = zxid
  }
}

/** Whether an owner is a session: the node is an ephemeral. TTL nodes are allowed here. */
export function isSessionOwner(owner: bigint): boolean {
  return owner !== 0n && owner !== containerOwner && owner >> 40n !== 0xff_0000n
}

function emptyNode(acl: readonly Acl[]): NaiveNode {
  return {
    data: new Uint8Array(0),
    acl,
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    owner: 0n,
  }
}

function ownerOf({ type, flags, ttl = 0 }: NaiveOp, { session }: NaiveContext): bigint {
  if (flags === 1 || flags === 3) return session
  if (type === OpCode.createContainer) return containerOwner
  return type === OpCode.createTTL ? (0xffn << 56n) | BigInt(ttl) : 0n
}

function createFlagsError({ type, flags = 0, ttl = 0 }: NaiveOp): number {
  if (flags < 0 || flags > 6) return ErrorCode.BadArguments
  const isTtl = flags === 5 || flags === 6
  const wanted: readonly number[] = isTtl
    ? [OpCode.createTTL]
    : flags === 4
      ? [OpCode.createContainer]
      : [1, 15]
  if (!wanted.includes(type)) return ErrorCode.BadArguments
  return isTtl && (ttl < 1 || ttl >= 2 ** 40) ? ErrorCode.BadArguments : ErrorCode.Ok
}

function fixAcl(acl: readonly Acl[], identities: readonly Identity[]): readonly Acl[] | null {
  const fixed: Acl[] = []
  const seen = new Set<string>()
  for (const { perms, id } of acl) {
    const key = JSON.stringify([perms, id.scheme, id.id])
    if (seen.has(key)) continue
    seen.add(key)
    if (id.scheme === 'world' && id.id === 'anyone') fixed.push({ perms, id })
    else if (id.scheme === 'digest' && id.id.split(':').length === 2) fixed.push({ perms, id })
    else if (id.scheme === 'auth') {
      const own = identities.filter(({ scheme }) => scheme === 'digest')
      if (own.length === 0) return null
      for (const identity of own) fixed.push({ perms, id: identity })
    } else return null
  }
  return fixed.length === 0 ? null : fixed
}

function isAllowed(acl: readonly Acl[], perm: number, { identities }: NaiveContext): boolean {
  return acl.some(
    ({ perms, id }) =>
      (perms & perm) !== 0 &&
      (id.scheme === 'world' ||
        identities.some((identity) => identity.scheme === id.scheme && identity.id === id.id)),
  )
}

function isValid(path: string): boolean {
  if (path === '/') return true
  if (!path.startsWith('/') || path.includes('\0')) return false
  return path
    .slice(1)
    .split('/')
    .every((name) => !['', '.', '..'].includes(name))
}

/** Java's "%010d". */
function suffix(counter: number): string {
  const sign = counter < 0 ? '-' : ''
  return sign + String(Math.abs(counter)).padStart(10 - sign.length, '0')
}

function nodeCrc(path: string, node: NaiveNode): number {
  const numbers = Buffer.alloc(60)
  const longs = [node.czxid, node.mzxid, node.pzxid, node.ctime, node.mtime]
  longs.forEach((value, i) => numbers.writeBigInt64BE(BigInt(value), 8 * i))
  const ints = [node.version, node.cversion, node.aversion]
  ints.forEach((value, i) => numbers.writeInt32BE(value, 40 + 4 * i))
  numbers.writeBigUInt64BE(node.owner, 52)
  const content = Buffer.concat([
    utf8Encode(path === '/' ? '' : path),
    node.data ?? Buffer.alloc(0),
  ])
  return zlib.crc32(Buffer.concat([content, numbers]))
}
