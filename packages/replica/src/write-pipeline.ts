/**
 * The way of a write: prepared against the tree as it will be, proposed, and answered once the engine delivers it.
 *
 * 1. What is in flight stands in the order of the zxids, and each delivery is for the first of it.
 * 2. Nothing is answered before its delivery, and the engine delivers only what is durable.
 */
import type { Proposal, ProposalSink } from '@quorate/consensus'
import {
  ErrorCode,
  type JuteReader,
  JuteWriter,
  OpCode,
  readInt32,
  sessionIdOf,
  statLength,
  type SessionId,
  writeMultiHeader,
  type Zxid,
} from '@quorate/protocol'
import {
  absent,
  type ApplyObserver,
  type Identity,
  type PathSpan,
  type Preparer,
  type RequestContext,
  type Tree,
} from '@quorate/tree'
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'
import type { Session, SessionHalves } from './session-tracker.ts'
import { TxnArena } from './txn-arena.ts'

/** A write whose transaction has been proposed, or a sync that waits for the ones before it. */
interface InFlight {
  readonly zxid: Zxid
  readonly type: number
  readonly xid: number
  readonly session: SessionHalves
  /** Who is answered; undefined for the server's own writes. */
  readonly connection: ClientConnection | undefined
  readonly contentCrc: number
  readonly receivedAtMs: number
  /** The path that a sync asked for, to be sent back. */
  readonly syncPath: Uint8Array | null
}

/** Who is told of what happens to writes. */
export interface PipelineListener {
  /** A write of this connection has been answered: what waited behind it may go on. */
  writeAnswered(connection: ClientConnection, type: number, xid: number, receivedAtMs: number): void
  sessionCreated(id: SessionId, connection: ClientConnection | undefined): void
  sessionClosed(id: SessionId, connection: ClientConnection | undefined, xid: number): void
  /** Its closeSession is proposed: nothing more is taken of it. */
  sessionClosing(session: Session): void
  txnApplied(lengthBytes: number): void
}

/** A write of the server's own. */
export interface ServerWrite {
  readonly session: SessionHalves
  readonly timeMs: number
  /** Who waits for it, of the connections. */
  readonly connection?: ClientConnection | undefined
}

/** A client's write, as the replica hands it over. */
export interface ClientWrite {
  readonly connection: ClientConnection
  readonly session: Session
  readonly xid: number
  readonly type: number
  readonly receivedAtMs: number
  readonly wallMs: number
}

const noIdentities: readonly Identity[] = []
const noSession: SessionHalves = { idHigh: 0, idLow: 0 }

export class WritePipeline implements ApplyObserver {
  readonly #tree: Tree
  readonly #engine: () => ProposalSink
  readonly #preparer: Preparer
  readonly #listener: PipelineListener
  readonly #arena: TxnArena
  #inFlight: InFlight[] = []
  #inFlightStart = 0
  /** The results of the multi being applied, in the order of its operations. */
  readonly #multiResults: JuteWriter
  #isMulti = false
  #appliedErr = 0
  #appliedNode: number = absent
  #appliedPath: PathSpan = { bytes: new Uint8Array(0), start: 0, end: 0 }

  constructor(parts: {
    readonly tree: Tree
    readonly engine: () => ProposalSink
    readonly options: ReplicaOptions
    readonly listener: PipelineListener
  }) {
    const { options } = parts
    this.#tree = parts.tree
    this.#engine = parts.engine
    this.#listener = parts.listener
    this.#preparer = parts.tree.preparer({
      extendedTypesEnabled: options.extendedTypesEnabled,
      enforceQuota: options.enforceQuota,
      skipAcl: options.skipAcl,
      digestEnabled: options.digestEnabled,
    })
    this.#arena = new TxnArena(options.platform)
    this.#multiResults = new JuteWriter(1024, options.platform)
  }

  get changeCounts(): { readonly queued: number; readonly removed: number } {
    return this.#preparer.changeCounts
  }

  /** Writes and syncs that have not been answered. */
  get inFlightCount(): number {
    return this.#inFlight.length - this.#inFlightStart
  }

  /**
   * Proposes what a client asks for.
   * @param reader stands at the request's record
   * @throws JuteError when it cannot be decoded; nothing was proposed and no zxid used
   */
  submit(write: ClientWrite, reader: JuteReader): void {
    const { session, type } = write
    const context = this.#context(session, write.xid, write.wallMs, write.connection.identities)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    if (type === OpCode.closeSession) this.#preparer.prepareCloseSession(context, writer)
    else if (session.isClosing)
      this.#preparer.prepareError(ErrorCode.SessionExpired, context, writer)
    else if (type === OpCode.multi) this.#preparer.prepareMulti(reader, context, writer)
    else this.#preparer.prepare(type, reader, context, writer)
    this.#propose(writer, start, inFlightOf(write, context.zxid, this.#preparer.contentCrc))
    if (type === OpCode.closeSession) this.#listener.sessionClosing(session)
  }

  /** Proposes an error: the request fails whatever the tree is like, and takes its place in the order. */
  submitError(write: ClientWrite, err: number): void {
    const context = this.#context(write.session, write.xid, write.wallMs, noIdentities)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    this.#preparer.prepareError(err, context, writer)
    this.#propose(writer, start, inFlightOf(write, context.zxid, -1))
  }

  /** A sync is answered when everything proposed before it has been applied: at once when nothing is in flight. */
  submitSync(write: ClientWrite, path: Uint8Array | null): void {
    this.#inFlight.push({ ...inFlightOf(write, this.#engine().lastZxid, -1), syncPath: path })
    this.#answerSyncs()
  }

  createSession(write: ServerWrite, timeoutMs: number): void {
    this.#proposeOwn(OpCode.createSession, write, (context, writer) =>
      this.#preparer.prepareCreateSession(timeoutMs, context, writer),
    )
  }

  /** Ends a session that the server has given up. */
  expireSession(write: ServerWrite): void {
    this.#proposeOwn(OpCode.closeSession, write, (context, writer) =>
      this.#preparer.prepareCloseSession(context, writer),
    )
  }

  /** The cleaner's delete; it becomes an error transaction when the node is in use again. */
  deleteContainer(path: Uint8Array, timeMs: number): void {
    this.#proposeOwn(OpCode.deleteContainer, { session: noSession, timeMs }, (context, writer) =>
      this.#preparer.prepareDeleteContainer(path, context, writer),
    )
  }

  /** The engine delivers: apply, tell watches, answer. */
  deliver(proposal: Proposal): void {
    const { bytes, zxid } = proposal
    const head = this.#inFlight[this.#inFlightStart]
    const own =
      head !== undefined && head.zxid === zxid && head.type !== OpCode.sync ? head : undefined
    this.#isMulti = txnType(bytes) === OpCode.multi
    this.#multiResults.clear()
    this.#tree.apply(bytes, 0, bytes.length, this, own?.contentCrc ?? -1)
    this.#preparer.applied(zxid)
    this.#listener.txnApplied(bytes.length)
    if (own !== undefined) {
      this.#shift()
      this.#answer(own)
    }
    this.#arena.release(zxid)
    this.#answerSyncs()
  }

  operationApplied(
    type: number,
    err: number,
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#isMulti) {
      this.#writeMultiResult(type, err, node, bytes, start, end)
      return
    }
    this.#appliedErr = err
    this.#appliedNode = node
    this.#appliedPath = { bytes, start, end }
  }

  #context(
    session: SessionHalves,
    cxid: number,
    timeMs: number,
    identities: readonly Identity[],
  ): RequestContext {
    const { idHigh, idLow } = session
    const zxid = this.#engine().nextZxid()
    return { sessionHigh: idHigh, sessionLow: idLow, cxid, zxid, timeMs, identities }
  }

  #proposeOwn(
    type: number,
    write: ServerWrite,
    prepare: (context: RequestContext, writer: JuteWriter) => void,
  ): void {
    const context = this.#context(write.session, 0, write.timeMs, noIdentities)
    const writer = this.#arena.writerFor(context.zxid)
    const start = writer.position
    prepare(context, writer)
    this.#propose(writer, start, {
      zxid: context.zxid,
      type,
      xid: 0,
      session: write.session,
      connection: write.connection,
      contentCrc: -1,
      receivedAtMs: 0,
      syncPath: null,
    })
  }

  #propose(writer: JuteWriter, start: number, entry: InFlight): void {
    this.#inFlight.push(entry)
    const bytes = writer.bytes.subarray(start, writer.position)
    this.#engine().submit({ zxid: entry.zxid, bytes })
  }

  #shift(): void {
    this.#inFlightStart++
    if (this.#inFlightStart > 1024 && this.#inFlightStart * 2 > this.#inFlight.length) {
      this.#inFlight = this.#inFlight.slice(this.#inFlightStart)
      this.#inFlightStart = 0
    }
  }

  #answerSyncs(): void {
    for (;;) {
      const head = this.#inFlight[this.#inFlightStart]
      if (head === undefined || head.type !== OpCode.sync || head.zxid > this.#tree.lastZxid) return
      this.#shift()
      const connection = head.connection!
      if (!connection.isClosed) {
        connection
          .beginReply(head.xid, this.#tree.lastZxid, ErrorCode.Ok)
          .writeBuffer(head.syncPath)
        connection.endReply()
      }
      this.#listener.writeAnswered(connection, head.type, head.xid, head.receivedAtMs)
    }
  }

  #answer(own: InFlight): void {
    const { connection, type, xid } = own
    if (type === OpCode.createSession) this.#listener.sessionCreated(idOf(own.session), connection)
    else if (type === OpCode.closeSession)
      this.#listener.sessionClosed(idOf(own.session), connection, xid)
    else if (connection !== undefined) {
      if (!connection.isClosed) this.#reply(connection, own)
      this.#listener.writeAnswered(connection, type, xid, own.receivedAtMs)
    }
  }

  #reply(connection: ClientConnection, own: InFlight): void {
    const err = this.#isMulti ? ErrorCode.Ok : this.#appliedErr
    const out = connection.beginReply(own.xid, own.zxid, err)
    if (err === ErrorCode.Ok) this.#writeBody(own.type, out)
    connection.endReply()
  }

  #writeBody(type: number, out: JuteWriter): void {
    const { bytes, start, end } = this.#appliedPath
    switch (type) {
      case OpCode.create:
        out.writeSpan(bytes, start, end)
        break
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        out.writeSpan(bytes, start, end)
        this.#writeStat(this.#appliedNode, out)
        break
      case OpCode.setData:
      case OpCode.setACL:
        this.#writeStat(this.#appliedNode, out)
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

  #writeStat(node: number, out: JuteWriter): void {
    const at = out.reserve(statLength)
    this.#tree.writeStat(node, out.bytes, at)
  }
}

function inFlightOf(write: ClientWrite, zxid: Zxid, contentCrc: number): InFlight {
  return {
    zxid,
    type: write.type,
    xid: write.xid,
    session: write.session,
    connection: write.connection,
    contentCrc,
    receivedAtMs: write.receivedAtMs,
    syncPath: null,
  }
}

function idOf({ idHigh, idLow }: SessionHalves): SessionId {
  return sessionIdOf(idHigh, idLow)
}

/** The type in a TxnHeader. */
function txnType(txn: Uint8Array): number {
  return readInt32(txn, 28)
}
