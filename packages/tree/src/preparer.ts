/**
 * The leader's part of a write: checks a request against the tree plus everything in flight, and turns it into a transaction
 * that every server can apply without deciding anything.
 *
 * A request that fails becomes an error transaction: it takes its place in the order like any other.
 * The order of the checks is observable and follows PrepRequestProcessor; see each method.
 */
import {
  digestVersion,
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  lastSlash,
  OpCode,
  sessionIdOf,
  type Zxid,
} from '@quorate/protocol'
import type { OwnerKind } from './node-owner.ts'
import { LongField } from './node-store.ts'
import { OpPreparer } from './op-preparer.ts'
import { PendingChanges } from './pending-changes.ts'
import type { PendingNode } from './pending-node.ts'
import type { QuotaKeeper } from './quota-keeper.ts'
import type { PreparerOptions, RequestContext } from './request-context.ts'
import type { TreeState } from './tree-state.ts'
import { RequestCheck } from './request-check.ts'
import { WriteRequest } from './write-request.ts'

/**
 * Most bytes of paths that the end of a session lists: less than jute.maxbuffer, so that an Apache server reads it from its leader
 * and from a log (ZOOKEEPER-4306).
 */
const listedBytesMax = 1_000_000

export class Preparer {
  /** The CRC over path and data of the last transaction if it is a create or setData, for `Tree.apply`; else −1. */
  contentCrc = -1
  readonly #state: TreeState
  readonly #changes: PendingChanges
  readonly #options: PreparerOptions
  readonly #request = new WriteRequest()
  readonly #check = new RequestCheck()
  readonly #ops: OpPreparer

  constructor(state: TreeState, quotas: QuotaKeeper, options: PreparerOptions) {
    this.#state = state
    this.#options = options
    this.#changes = new PendingChanges(state)
    this.#ops = new OpPreparer({ state, quotas, changes: this.#changes, options })
  }

  /** Changes of nodes that were ever in flight, and those that are no more. */
  get changeCounts(): { readonly queued: number; readonly removed: number } {
    return { queued: this.#changes.queuedCount, removed: this.#changes.removedCount }
  }

  /** Proposals up to `zxid` have been applied. */
  applied(zxid: Zxid): void {
    this.#changes.applied(zxid)
  }

  /**
   * Writes the transaction of a single write (create*, delete, setData, setACL) to `writer`.
   * @param reader stands at the request's record
   * @returns the protocol's error code; the transaction is an error then
   * @throws JuteError when the bytes are no such request; nothing was written
   */
  prepare(type: number, reader: JuteReader, context: RequestContext, writer: JuteWriter): number {
    const request = this.#request
    request.read(type, reader)
    this.#begin()
    const start = writer.position
    this.#writeHeader(type, context, writer)
    this.#ops.contentCrc = -1
    const err = this.#ops.prepare(request, context, writer)
    if (err === ErrorCode.Ok) {
      this.contentCrc = this.#ops.contentCrc
      this.#writeDigest(writer)
    } else this.#rewriteAsError(err, context, writer, start)
    return err
  }

  /** As {@link prepare}, for a request that fails whatever it asks for. */
  prepareError(err: number, context: RequestContext, writer: JuteWriter): void {
    this.#begin()
    this.#rewriteAsError(err, context, writer, writer.position)
  }

  /**
   * As {@link prepare}, for a multi. Its operations see each other's effects; if one fails, none takes effect.
   * @throws JuteError when an operation cannot be decoded, has unknown create flags, or is none that a write multi may hold
   */
  prepareMulti(reader: JuteReader, context: RequestContext, writer: JuteWriter): void {
    const bodyStart = reader.position
    const count = this.#check.multiCount(reader)
    reader.reset(reader.bytes, bodyStart, reader.end)
    this.#begin()
    const start = writer.position
    this.#writeHeader(OpCode.multi, context, writer)
    writer.writeInt(count)
    const failure = this.#prepareSubOps(count, reader, context, writer)
    // Apache notices only here that it cannot read the operation, and then gives up the whole.
    if (failure === ErrorCode.MarshallingError)
      this.#rewriteAsError(failure, context, writer, start)
    else this.#writeDigest(writer)
  }

  /** @returns the error of the operation that failed, if one did; the tree is as before then */
  #prepareSubOps(
    count: number,
    reader: JuteReader,
    context: RequestContext,
    writer: JuteWriter,
  ): number {
    this.#changes.beginMulti()
    let failure: number = ErrorCode.Ok
    try {
      for (let i = 0; i < count; i++) {
        if (failure !== ErrorCode.Ok) {
          writeFailedOp(writer, ErrorCode.RuntimeInconsistency)
          continue
        }
        const opStart = writer.position
        failure = this.#prepareSubOp(reader, context, writer)
        if (failure === ErrorCode.Ok) continue
        writer.position = opStart
        writeFailedOp(writer, failure)
      }
    } catch (error) {
      this.#changes.rollBackMulti()
      throw error
    }
    if (failure === ErrorCode.Ok) this.#changes.endMulti()
    else this.#changes.rollBackMulti()
    return failure
  }

  prepareCreateSession(timeoutMs: number, context: RequestContext, writer: JuteWriter): void {
    this.#begin()
    this.#writeHeader(OpCode.createSession, context, writer)
    writer.writeInt(timeoutMs)
    this.#writeDigest(writer)
  }

  /**
   * Lists what the session's end deletes: its ephemerals in the tree and in flight (ZOOKEEPER-3145).
   *
   * Compatibility: a session with very many ephemerals lists as many as fit into a megabyte. Every server, Apache's too, deletes
   * what else the session owns. Apache's leader lists all, and the transaction stops every server that reads it if it is longer
   * than jute.maxbuffer and its extra size allow (ZOOKEEPER-4306).
   */
  prepareCloseSession(context: RequestContext, writer: JuteWriter): void {
    this.#begin()
    const paths = this.#ephemeralPaths(context)
    this.#writeHeader(OpCode.closeSession, context, writer)
    const listed = listedPaths(paths)
    writer.writeInt(listed.length)
    for (const path of listed) writer.writeBuffer(path)
    for (const path of paths) {
      const node = this.#changes.find(path, 0, path.length)
      if (node !== undefined) this.#ops.delete(node, this.#parentOf(path)!, context.zxid)
    }
    this.#writeDigest(writer)
  }

  /** Whether proposals in flight change the node with this path, or remove it. */
  isChanging(path: Uint8Array): boolean {
    this.#begin()
    return this.#changes.find(path, 0, path.length)?.changedBy !== 0
  }

  /** The cleaner's delete of a container or TTL node; fails when it is in use again. */
  prepareDeleteContainer(path: Uint8Array, context: RequestContext, writer: JuteWriter): number {
    this.#begin()
    const start = writer.position
    const node = this.#changes.find(path, 0, path.length)
    const parent = this.#parentOf(path)
    let err: number = ErrorCode.Ok
    if (node === undefined || parent === undefined) err = ErrorCode.NoNode
    else if (node.childCount > 0) err = ErrorCode.NotEmpty
    // Compatibility: Apache refuses ephemerals only, and deletes an ordinary node that came in the place of a container.
    else if (!isCleanable(this.#ops.ownerKind(node))) err = ErrorCode.BadVersion
    else {
      this.#writeHeader(OpCode.deleteContainer, context, writer)
      writer.writeBuffer(path)
      this.#ops.delete(node, parent, context.zxid)
      this.#writeDigest(writer)
      return err
    }
    this.#rewriteAsError(err, context, writer, start)
    return err
  }

  /**
   * As {@link prepare}, for a new membership that has been found good: the data of its node. Whether the client may write
   * that node is the last check.
   */
  prepareReconfig(membership: Uint8Array, context: RequestContext, writer: JuteWriter): number {
    this.#begin()
    const start = writer.position
    this.#writeHeader(OpCode.reconfig, context, writer)
    const err = this.#ops.prepareReconfig(membership, context, writer)
    if (err === ErrorCode.Ok) this.#writeDigest(writer)
    else this.#rewriteAsError(err, context, writer, start)
    return err
  }

  #begin(): void {
    this.contentCrc = -1
    this.#changes.beginRequest()
  }

  #prepareSubOp(reader: JuteReader, context: RequestContext, writer: JuteWriter): number {
    const type = reader.readInt()
    reader.readBoolean()
    reader.readInt()
    const request = this.#request
    request.read(type, reader)
    if (request.lacksTtl) return ErrorCode.MarshallingError
    writer.writeInt(type)
    const lengthAt = writer.reserve(4)
    const err = this.#ops.prepare(request, context, writer)
    const end = writer.position
    writer.position = lengthAt
    writer.writeInt(end - lengthAt - 4)
    writer.position = end
    return err
  }

  #ephemeralPaths(context: RequestContext): Uint8Array[] {
    const { nodes } = this.#state
    const paths: Uint8Array[] = []
    for (const node of this.#state.ephemeralsOf(
      sessionIdOf(context.sessionHigh, context.sessionLow),
    )) {
      const path = nodes.pathCopy(node)
      const pending = this.#changes.find(path, 0, path.length)
      if (pending !== undefined && pending.czxid === nodes.long(node, LongField.czxid))
        paths.push(path)
    }
    for (const pending of this.#changes.edited()) {
      const isOwned =
        pending.ownerHigh === context.sessionHigh && pending.ownerLow === context.sessionLow
      if (pending.exists && isOwned && pending.czxid > this.#state.lastZxid)
        paths.push(pending.bytes.slice(0, pending.pathLength))
    }
    return paths
  }

  #parentOf(path: Uint8Array): PendingNode | undefined {
    return this.#changes.find(path, 0, lastSlash(path, 0, path.length))
  }

  #writeHeader(type: number, context: RequestContext, writer: JuteWriter): void {
    writer.writeHalves(context.sessionHigh, context.sessionLow)
    writer.writeInt(context.cxid)
    writer.writeLong(context.zxid)
    writer.writeLong(context.timeMs)
    writer.writeInt(type)
  }

  #writeDigest(writer: JuteWriter): void {
    if (!this.#options.digestEnabled) return
    writer.writeInt(digestVersion)
    writer.writeHalves(this.#changes.digest.high, this.#changes.digest.low)
  }

  /** An error of a single operation carries no digest, as Apache writes it. */
  #rewriteAsError(err: number, context: RequestContext, writer: JuteWriter, start: number): void {
    writer.position = start
    this.#writeHeader(OpCode.error, context, writer)
    writer.writeInt(err)
  }
}

/** A sub-transaction of a multi that failed: type −1 and an ErrorTxn. */
function writeFailedOp(writer: JuteWriter, err: number): void {
  writer.writeInt(OpCode.error)
  writer.writeInt(4)
  writer.writeInt(err)
}

/** Whether the cleaner may delete nodes of this kind. */
function isCleanable(kind: OwnerKind): boolean {
  return kind === 'container' || kind === 'ttl'
}

/** The first of the paths, as many as a transaction may list. */
function listedPaths(paths: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0
  const end = paths.findIndex((path) => (bytes += 4 + path.length) > listedBytesMax)
  return end < 0 ? paths : paths.slice(0, end)
}
