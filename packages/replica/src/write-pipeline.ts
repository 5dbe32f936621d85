/**
 * The leader's way of a write: prepared against the tree as it will be, proposed, and answered once the engine delivers it.
 *
 * 1. What is in flight stands in the order of the zxids, and each delivery is for the first of it.
 * 2. Nothing is answered before its delivery, and the engine delivers only what is durable.
 * 3. A transaction's bytes stay as they are until the turn in which it was delivered has ended.
 */
import type { Proposal, ProposalSink, ReconfigurationRequest } from '@quorate/consensus'
import {
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  OpCode,
  sessionIdOf,
  type SessionId,
  txnType,
  type Zxid,
} from '@quorate/protocol'
import type { Preparer, RequestContext, Tree } from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'
import type { ReplyOrder } from './reply-order.ts'
import type { SessionHalves } from './session-tracker.ts'
import { TxnArena } from './txn-arena.ts'
import { replyWithResult } from './txn-reply.ts'
import { isOrdered, type OrderedRequest, type Write } from './write.ts'

/** A write whose transaction has been proposed. */
interface InFlight {
  readonly zxid: Zxid
  readonly write: Write
  readonly contentCrc: number
  /** Of a fence: told behind its delivery. */
  readonly fenced?: () => void
}

/** Who is told of what happens to writes. */
export interface PipelineListener {
  sessionCreated(id: SessionId, connection: ClientConnection | undefined): void
  /** A closeSession has been applied. */
  sessionClosed(id: SessionId, request: OrderedRequest | undefined): void
  /** The request came through a connection that its session has left. */
  sessionMoved(connection: ClientConnection): void
  txnApplied(lengthBytes: number): void
}

/** What the pipeline uses of a term. */
export interface PipelineEngine extends ProposalSink {
  planReconfiguration(request: ReconfigurationRequest): string | number
}

export class WritePipeline {
  /** Requests of this server's clients among what is in flight. */
  requestCount = 0
  readonly #tree: Tree
  readonly #engine: PipelineEngine
  readonly #options: ReplicaOptions
  readonly #preparer: Preparer
  readonly #listener: PipelineListener
  readonly #order: ReplyOrder
  readonly #arena: TxnArena
  #inFlight: InFlight[] = []
  #inFlightStart = 0
  #deliveredZxid: Zxid = 0
  #releasableZxid: Zxid = 0

  constructor(parts: {
    readonly tree: Tree
    readonly engine: PipelineEngine
    readonly options: ReplicaOptions
    readonly order: ReplyOrder
    readonly listener: PipelineListener
  }) {
    const { options, tree } = parts
    this.#tree = tree
    this.#engine = parts.engine
    this.#options = options
    this.#order = parts.order
    this.#listener = parts.listener
    this.#preparer = tree.preparer({
      extendedTypesEnabled: options.extendedTypesEnabled,
      enforceQuota: options.enforceQuota,
      skipAcl: options.skipAcl,
      digestEnabled: options.digestEnabled,
    })
    this.#arena = new TxnArena(options.platform)
  }

  get changeCounts(): { readonly queued: number; readonly removed: number } {
    return this.#preparer.changeCounts
  }

  /** Proposals that have not been delivered. */
  get inFlightCount(): number {
    return this.#inFlight.length - this.#inFlightStart
  }

  /**
   * Proposes what a client asks for.
   * @param reader stands at the request's record
   * @throws JuteError when it cannot be decoded; nothing was proposed and no zxid used
   */
  submit(write: Write, reader: JuteReader): void {
    const context = this.#context(write)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    if (write.type === OpCode.multi) this.#preparer.prepareMulti(reader, context, writer)
    else this.#preparer.prepare(write.type, reader, context, writer)
    this.#propose(write, context.zxid, { writer, start })
  }

  /** Proposes an error: the request fails whatever the tree is like, and takes its place in the order. */
  submitError(write: Write, err: number): void {
    this.#submitOwn(write, (context, writer) => this.#preparer.prepareError(err, context, writer))
  }

  /** Proposes an error that nobody is answered with, and calls `fenced` when it and all before it have been applied. */
  fence(write: Write, fenced: () => void): void {
    const context = this.#context(write)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    this.#preparer.prepareError(ErrorCode.BadArguments, context, writer)
    this.#propose(write, context.zxid, { writer, start }, { fenced })
  }

  createSession(write: Write, timeoutMs: number): void {
    this.#submitOwn(write, (context, writer) =>
      this.#preparer.prepareCreateSession(timeoutMs, context, writer),
    )
  }

  closeSession(write: Write): void {
    this.#submitOwn(write, (context, writer) => this.#preparer.prepareCloseSession(context, writer))
  }

  /**
   * The cleaner's delete.
   *
   * Compatibility: the cleaner has looked at the node as it was applied. Apache deletes one that a proposal in flight writes to, or
   * makes anew; here it is looked at again later.
   */
  deleteContainer(write: Write, path: Uint8Array): void {
    if (this.#preparer.isChanging(path)) return
    this.#submitOwn(write, (context, writer) =>
      this.#preparer.prepareDeleteContainer(path, context, writer),
    )
  }

  /** Whether the change is possible comes first, whether the client may make it last (PrepRequestProcessor). */
  reconfigure(write: Write, request: Omit<ReconfigurationRequest, 'newVersion'>): void {
    const newVersion = this.#engine.nextZxid()
    const plan = this.#engine.planReconfiguration({ ...request, newVersion })
    if (typeof plan === 'number') {
      this.submitError(write, plan)
      return
    }
    const membership = this.#options.platform.utf8Encode(plan)
    const context = this.#context(write)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    const err = this.#preparer.prepareReconfig(membership, context, writer)
    this.#propose(
      write,
      context.zxid,
      { writer, start },
      err === ErrorCode.Ok ? { membership: plan } : {},
    )
  }

  /** The engine delivers: apply, tell watches, answer. */
  deliver(proposal: Proposal): void {
    const { bytes, zxid } = proposal
    const head = this.#inFlight[this.#inFlightStart]
    const own = head !== undefined && head.zxid === zxid ? head : undefined
    this.#tree.apply(bytes, 0, bytes.length, own?.contentCrc ?? -1)
    this.#preparer.applied(zxid)
    this.#deliveredZxid = zxid
    this.#listener.txnApplied(bytes.length)
    if (own === undefined) return
    this.#shift()
    this.#answer(own, txnType(bytes) === OpCode.error)
  }

  /** Nobody looks at the transactions any more that were delivered before the turn that ends now. */
  turnEnded(): void {
    this.#arena.release(this.#releasableZxid)
    this.#releasableZxid = this.#deliveredZxid
  }

  #context(write: Write): RequestContext {
    const { idHigh, idLow } = write.session
    return {
      sessionHigh: idHigh,
      sessionLow: idLow,
      cxid: write.xid,
      zxid: this.#engine.nextZxid(),
      timeMs: write.timeMs,
      identities: write.identities,
    }
  }

  #submitOwn(write: Write, prepare: (context: RequestContext, writer: JuteWriter) => void): void {
    const context = this.#context(write)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    prepare(context, writer)
    this.#propose(write, context.zxid, { writer, start })
  }

  #propose(
    write: Write,
    zxid: Zxid,
    { writer, start }: { readonly writer: JuteWriter; readonly start: number },
    { membership, fenced }: { readonly membership?: string; readonly fenced?: () => void } = {},
  ): void {
    const { contentCrc } = this.#preparer
    this.#inFlight.push(
      fenced === undefined ? { zxid, write, contentCrc } : { zxid, write, contentCrc, fenced },
    )
    if (isOrdered(write)) this.requestCount++
    const bytes = writer.bytes.subarray(start, writer.position)
    this.#engine.submit({ zxid, bytes }, membership)
  }

  #shift(): void {
    this.#inFlightStart++
    if (this.#inFlightStart > 1024 && this.#inFlightStart * 2 > this.#inFlight.length) {
      this.#inFlight = this.#inFlight.slice(this.#inFlightStart)
      this.#inFlightStart = 0
    }
  }

  #answer({ zxid, write, fenced }: InFlight, hasFailed: boolean): void {
    const { type } = write
    fenced?.()
    const request = isOrdered(write) ? write : undefined
    if (request !== undefined) this.requestCount--
    if (type === OpCode.createSession && !hasFailed)
      this.#listener.sessionCreated(idOf(write.session), write.connecting)
    else if (type === OpCode.closeSession && !hasFailed)
      this.#listener.sessionClosed(idOf(write.session), request)
    else if (request !== undefined) {
      const { result } = this.#tree
      if (result.isMoved) this.#listener.sessionMoved(request.connection)
      if (!request.connection.isClosed) replyWithResult(request, zxid, result)
      this.#order.end(request)
    }
  }
}

function idOf({ idHigh, idLow }: SessionHalves): SessionId {
  return sessionIdOf(idHigh, idLow)
}
