/**
 * Checks one write against the tree as it will be, and writes the record of its transaction. The order of the checks is
 * observable and follows PrepRequestProcessor.
 */
import {
  CreateMode,
  ErrorCode,
  hasTtl,
  isCreateMode,
  isValidPath,
  type JuteWriter,
  lastSlash,
  OpCode,
  Perms,
  spanEquals,
  ttlMax,
  type Zxid,
} from '@quorate/protocol'
import { fixAcl, isAllowed } from './acl-check.ts'
import type { Identity } from './identity.ts'
import {
  containerOwnerHigh,
  type OwnerKind,
  ownerKind,
  ttlOwnerHigh,
  ttlOwnerLow,
} from './node-owner.ts'
import type { PendingChanges } from './pending-changes.ts'
import type { PendingNode } from './pending-node.ts'
import { type PathSpan, SequentialPath } from './sequential-path.ts'
import type { NodeDigester } from './node-digest.ts'
import { absent, IntField } from './node-store.ts'
import { type Quota, type QuotaUse, wouldExceed } from './quota.ts'
import type { QuotaKeeper } from './quota-keeper.ts'
import type { PreparerOptions, RequestContext } from './request-context.ts'
import type { TreeState } from './tree-state.ts'
import type { WriteRequest } from './write-request.ts'

export class OpPreparer {
  /** The CRC over path and data of the last create or setData that passed. */
  contentCrc = -1
  readonly #state: TreeState
  readonly #quotas: QuotaKeeper
  readonly #changes: PendingChanges
  readonly #options: PreparerOptions
  readonly #sequential = new SequentialPath()

  constructor(parts: {
    readonly state: TreeState
    readonly quotas: QuotaKeeper
    readonly changes: PendingChanges
    readonly options: PreparerOptions
  }) {
    this.#state = parts.state
    this.#quotas = parts.quotas
    this.#changes = parts.changes
    this.#options = parts.options
  }

  /** Writes the record that follows the type; on an error other than 0 what was written is to be thrown away. */
  prepare(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    switch (request.type) {
      case OpCode.delete:
        return this.#prepareDelete(request, context, writer)
      case OpCode.setData:
        return this.#prepareSetData(request, context, writer)
      case OpCode.setACL:
        return this.#prepareSetAcl(request, context, writer)
      case OpCode.check:
        return this.#prepareCheck(request, context, writer)
      default:
        return this.#prepareCreate(request, context, writer)
    }
  }

  #prepareCreate(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    const { bytes, pathStart, pathEnd } = request
    const invalid = this.#createFlagsError(request)
    if (invalid !== ErrorCode.Ok) return invalid
    if (request.isPathNull) return ErrorCode.MarshallingError
    const cut = lastSlash(bytes, pathStart, pathEnd)
    if (cut === -1 || bytes.subarray(pathStart, pathEnd).includes(0)) return ErrorCode.BadArguments
    if (request.aclError !== ErrorCode.Ok) return request.aclError
    const aclId = this.#requestedAcl(request, context.identities)
    if (aclId === undefined) return ErrorCode.InvalidACL
    const parent = this.#changes.find(bytes, pathStart, cut)
    if (parent === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(parent, Perms.create, context)) return ErrorCode.NoAuth
    const path = this.#sequential.of(request, parent.cversion)
    if (!isValidPath(path.bytes, path.start, path.end)) return ErrorCode.BadArguments
    if (this.#changes.find(path.bytes, path.start, path.end) !== undefined)
      return ErrorCode.NodeExists
    if (this.ownerKind(parent) === 'session') return ErrorCode.NoChildrenForEphemerals
    if (
      this.#options.enforceQuota &&
      this.#exceedsQuota(path, { count: 1, bytes: request.dataLength })
    )
      return ErrorCode.QuotaExceeded
    this.#create({ request, parent, path, aclId }, context, writer)
    return ErrorCode.Ok
  }

  #create(
    what: {
      readonly request: WriteRequest
      readonly parent: PendingNode
      readonly path: PathSpan
      readonly aclId: number
    },
    context: RequestContext,
    writer: JuteWriter,
  ): void {
    const { request, parent, path, aclId } = what
    const { digester } = this.#state
    this.#changes.edit(parent, context.zxid)
    parent.childCount++
    parent.cversion = (parent.cversion + 1) | 0
    parent.pzxid = context.zxid
    this.#changes.commit(parent)
    const node = this.#changes.editNew(path.bytes, path.start, path.end, {
      zxid: context.zxid,
      aclId,
    })
    node.czxid = node.mzxid = node.pzxid = context.zxid
    node.ctime = node.mtime = context.timeMs
    node.version = node.cversion = node.aversion = node.childCount = 0
    node.dataLength = request.dataLength
    setOwner(node, request, context)
    const pathCrc = digester.pathCrc(path.bytes, path.start, path.end)
    node.contentCrc = this.contentCrc = contentCrcOf(digester, pathCrc, request.data)
    this.#changes.commit(node)
    writer.writeSpan(path.bytes, path.start, path.end)
    writer.writeBuffer(request.data)
    this.#state.acls.writeVector(writer, aclId)
    if (request.type === OpCode.create || request.type === OpCode.create2)
      writer.writeBoolean(request.isEphemeral)
    writer.writeInt(parent.cversion)
    if (request.type === OpCode.createTTL) writer.writeLong(request.ttl)
  }

  /** Flags first, then whether TTL nodes are allowed at all, then the time itself. */
  #createFlagsError(request: WriteRequest): number {
    const { flags, type, ttl } = request
    if (!isCreateMode(flags)) return ErrorCode.BadArguments
    if (hasTtl(flags) && !this.#options.extendedTypesEnabled) return ErrorCode.Unimplemented
    if (type === OpCode.createTTL)
      return hasTtl(flags) && ttl >= 1 && ttl <= ttlMax ? ErrorCode.Ok : ErrorCode.BadArguments
    if (hasTtl(flags)) return ErrorCode.BadArguments
    // Compatibility: Apache stores what the op code says and computes the digest from what the flags say, so a create with the
    // container flag, or a createContainer without it, makes its digests disagree. Proper clients send neither; both are refused.
    return (type === OpCode.createContainer) === (flags === CreateMode.container)
      ? ErrorCode.Ok
      : ErrorCode.BadArguments
  }

  #prepareDelete(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    const { bytes, pathStart, pathEnd } = request
    if (request.isPathNull) return ErrorCode.MarshallingError
    const cut = lastSlash(bytes, pathStart, pathEnd)
    if (
      cut === -1 ||
      bytes.subarray(pathStart, pathEnd).includes(0) ||
      isProtected(bytes, pathStart, pathEnd)
    )
      return ErrorCode.BadArguments
    const parent = this.#changes.find(bytes, pathStart, cut)
    if (parent === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(parent, Perms.delete, context)) return ErrorCode.NoAuth
    const node = this.#changes.find(bytes, pathStart, pathEnd)
    if (node === undefined) return ErrorCode.NoNode
    if (request.version !== -1 && request.version !== node.version) return ErrorCode.BadVersion
    if (node.childCount > 0) return ErrorCode.NotEmpty
    this.delete(node, parent, context.zxid)
    writer.writeSpan(bytes, pathStart, pathEnd)
    return ErrorCode.Ok
  }

  /** Takes a node without children away. */
  delete(node: PendingNode, parent: PendingNode, zxid: Zxid): void {
    this.#changes.edit(parent, zxid)
    parent.childCount--
    parent.pzxid = zxid
    this.#changes.commit(parent)
    this.#changes.edit(node, zxid)
    node.exists = false
    this.#changes.commit(node)
  }

  #prepareSetData(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    const { bytes, pathStart, pathEnd } = request
    if (!isValidPath(bytes, pathStart, pathEnd)) return ErrorCode.BadArguments
    const node = this.#changes.find(bytes, pathStart, pathEnd)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(node, Perms.write, context)) return ErrorCode.NoAuth
    const growth = request.dataLength - node.dataLength
    if (
      this.#options.enforceQuota &&
      this.#exceedsQuota({ bytes, start: pathStart, end: pathEnd }, { count: 0, bytes: growth })
    )
      return ErrorCode.QuotaExceeded
    if (request.version !== -1 && request.version !== node.version) return ErrorCode.BadVersion
    const { digester } = this.#state
    this.#changes.edit(node, context.zxid)
    node.version = (node.version + 1) | 0
    node.mzxid = context.zxid
    node.mtime = context.timeMs
    node.dataLength = request.dataLength
    const pathCrc = digester.pathCrc(bytes, pathStart, pathEnd)
    node.contentCrc = this.contentCrc = contentCrcOf(digester, pathCrc, request.data)
    this.#changes.commit(node)
    writer.writeSpan(bytes, pathStart, pathEnd)
    writer.writeBuffer(request.data)
    writer.writeInt(node.version)
    return ErrorCode.Ok
  }

  /** The node of the membership; its version is −1 for ever (PrepRequestProcessor, reconfig). */
  prepareReconfig(membership: Uint8Array, context: RequestContext, writer: JuteWriter): number {
    const node = this.#changes.find(configPath, 0, configPath.length)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(node, Perms.write, context)) return ErrorCode.NoAuth
    const { digester } = this.#state
    this.#changes.edit(node, context.zxid)
    node.version = -1
    node.mzxid = context.zxid
    node.mtime = context.timeMs
    node.dataLength = membership.length
    const pathCrc = digester.pathCrc(configPath, 0, configPath.length)
    node.contentCrc = digester.contentCrc(pathCrc, membership, 0, membership.length)
    this.#changes.commit(node)
    writer.writeBuffer(configPath)
    writer.writeBuffer(membership)
    writer.writeInt(-1)
    return ErrorCode.Ok
  }

  #prepareSetAcl(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    const { bytes, pathStart, pathEnd } = request
    if (!isValidPath(bytes, pathStart, pathEnd)) return ErrorCode.BadArguments
    const aclId = this.#requestedAcl(request, context.identities)
    if (aclId === undefined) return ErrorCode.InvalidACL
    const node = this.#changes.find(bytes, pathStart, pathEnd)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(node, Perms.admin, context)) return ErrorCode.NoAuth
    if (request.version !== -1 && request.version !== node.aversion) return ErrorCode.BadVersion
    this.#changes.edit(node, context.zxid)
    this.#changes.setAcl(node, aclId)
    node.aversion = (node.aversion + 1) | 0
    this.#changes.commit(node)
    writer.writeSpan(bytes, pathStart, pathEnd)
    this.#state.acls.writeVector(writer, aclId)
    writer.writeInt(node.aversion)
    return ErrorCode.Ok
  }

  #prepareCheck(request: WriteRequest, context: RequestContext, writer: JuteWriter): number {
    const { bytes, pathStart, pathEnd } = request
    if (!isValidPath(bytes, pathStart, pathEnd)) return ErrorCode.BadArguments
    const node = this.#changes.find(bytes, pathStart, pathEnd)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#isAllowed(node, Perms.read, context)) return ErrorCode.NoAuth
    if (request.version !== -1 && request.version !== node.version) return ErrorCode.BadVersion
    writer.writeSpan(bytes, pathStart, pathEnd)
    writer.writeInt((node.version + 1) | 0)
    return ErrorCode.Ok
  }

  ownerKind(node: PendingNode): OwnerKind {
    return ownerKind(node.ownerHigh, node.ownerLow, this.#state.extendedTypesEnabled)
  }

  #isAllowed(node: PendingNode, perms: number, context: RequestContext): boolean {
    const { acls } = this.#state
    if ((acls.openPerms(node.aclId) & perms) !== 0 || this.#options.skipAcl) return true
    return isAllowed(acls.get(node.aclId), perms, context.identities)
  }

  /** The number of the ACL that the request asks for, made final; undefined when it is invalid. */
  #requestedAcl(request: WriteRequest, identities: readonly Identity[]): number | undefined {
    const { acls } = this.#state
    const known = acls.findVector(request.bytes, request.aclStart, request.aclEnd)
    if (known !== undefined && acls.isFinal(known)) return known
    const fixed = fixAcl(request.readAcl(), identities)
    return fixed === null ? undefined : acls.intern(fixed)
  }

  /** Proposals in flight count too. Compatibility: Apache looks at what has been applied only, so a burst of writes passes its hard limits. */
  #exceedsQuota(path: PathSpan, growth: QuotaUse): boolean {
    const quota = this.#quotas.nearest(path.bytes, path.start, path.end)
    return quota !== undefined && wouldExceed(quota, growth, this.#pendingUse(quota))
  }

  /** What the proposals in flight will add to the use of a quota. */
  #pendingUse(quota: Quota): QuotaUse {
    const { nodes } = this.#state
    let count = 0
    let bytes = 0
    for (const pending of this.#changes.edited()) {
      const { bytes: path, pathLength, exists, dataLength } = pending
      if (this.#quotas.nearest(path, 0, pathLength) !== quota) continue
      const node = nodes.find(path, 0, pathLength)
      const isThere = node !== absent
      count += Number(exists) - Number(isThere)
      bytes +=
        (exists ? dataLength : 0) -
        (isThere ? Math.max(0, nodes.int(node, IntField.dataLength)) : 0)
    }
    return { count, bytes }
  }
}

function setOwner(node: PendingNode, request: WriteRequest, context: RequestContext): void {
  if (request.isEphemeral) {
    node.ownerHigh = context.sessionHigh
    node.ownerLow = context.sessionLow
  } else if (request.type === OpCode.createContainer) {
    node.ownerHigh = containerOwnerHigh
    node.ownerLow = 0
  } else if (request.type === OpCode.createTTL) {
    node.ownerHigh = ttlOwnerHigh(request.ttl)
    node.ownerLow = ttlOwnerLow(request.ttl)
  } else {
    node.ownerHigh = 0
    node.ownerLow = 0
  }
}

function contentCrcOf(digester: NodeDigester, pathCrc: number, data: Uint8Array | null): number {
  return data === null ? pathCrc : digester.contentCrc(pathCrc, data, 0, data.length)
}

export const configPath: Uint8Array = bytesOf('/zookeeper/config')
/** Nodes that no client may delete. */
const protectedPaths = [...['/', '/zookeeper', '/zookeeper/quota'].map(bytesOf), configPath]

function bytesOf(path: string): Uint8Array {
  return Uint8Array.from(path, (letter) => letter.charCodeAt(0))
}

function isProtected(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= 17 && protectedPaths.some((path) => spanEquals(path, bytes, start, end))
}
