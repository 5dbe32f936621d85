/**
 * Takes a connection's requests one by one, in order, and sends each its way: read, write, sync, authentication. What may not
 * overtake a write of the same connection waits behind it.
 */
import {
  Capability,
  ErrorCode,
  JuteError,
  JuteReader,
  OpCode,
  readInt32,
  Xid,
} from '@quorate/protocol'
import { authenticate, isAuthenticatedEnough } from './authentication.ts'
import type { ClientConnection } from './client-connection.ts'
import { asksOutcomes } from './connect-handler.ts'
import type { OutcomeHandler } from './outcome-handler.ts'
import { isDataRead, type ReadHandler } from './read-handler.ts'
import type { ReplicaOptions } from './replica-options.ts'
import type { ReplyOrder } from './reply-order.ts'
import type { Authority } from './roles/authority.ts'
import { isWrite } from './roles/write-types.ts'
import type { OrderedRequest } from './write.ts'

/** The replica, as the router sees it. */
export interface RouterHost {
  readonly nowMs: number
  readonly wallMs: number
  readonly lastZxid: number
  requestAnswered(
    connection: ClientConnection,
    request: { readonly type: number; readonly xid: number; readonly receivedAtMs: number },
  ): void
  /** The connection is no good any more. What was replied is still sent. */
  drop(connection: ClientConnection, code: string, reason: string): void
}

export class RequestRouter {
  /** Requests of all connections that wait behind writes. */
  deferredCount = 0
  /** Requests that were refused because they had waited for too long. */
  throttledCount = 0
  readonly #host: RouterHost
  readonly #reads: ReadHandler
  readonly #outcomes: OutcomeHandler
  readonly #authority: Authority
  readonly #order: ReplyOrder
  readonly #options: ReplicaOptions
  readonly #throttledOpWaitMs: number
  readonly #reader: JuteReader

  constructor(parts: {
    readonly host: RouterHost
    readonly reads: ReadHandler
    readonly outcomes: OutcomeHandler
    readonly authority: Authority
    readonly order: ReplyOrder
    readonly options: ReplicaOptions
  }) {
    this.#host = parts.host
    this.#reads = parts.reads
    this.#outcomes = parts.outcomes
    this.#authority = parts.authority
    this.#order = parts.order
    this.#options = parts.options
    this.#throttledOpWaitMs = parts.options.throttledOpWaitMs
    const { platform, juteMaxBuffer } = parts.options
    this.#reader = new JuteReader(new Uint8Array(0), 0, 0, {
      platform,
      lengthMax: 2 * juteMaxBuffer,
    })
  }

  /** A whole frame, without its length, of a connection that has a session. */
  route(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 8) {
      this.#host.drop(
        connection,
        'FRAME_TOO_SHORT',
        `a frame has ${end - start} bytes; a request header has 8`,
      )
      return
    }
    if (connection.isRefused) return
    const type = readInt32(bytes, start + 4)
    if (type === OpCode.auth) this.#authenticate(connection, bytes, start, end)
    else if (this.#authority.takes(type)) {
      if (this.#isOverdue(type, connection.receivedAtMs))
        this.#answerInTurn(connection, bytes, start)
      else if (this.#mustWait(connection, type)) connection.parkedWrite = bytes.slice(start, end)
      else this.#write(connection, type, bytes, start, end)
    } else if (type === OpCode.linearizableRead && isLinearizableReader(connection)) {
      this.#readLinearizably(connection, bytes.slice(start, end))
    } else if (type === OpCode.outcomes && asksOutcomes(connection)) {
      this.#askOutcomes(connection, bytes, start, end)
    } else if (connection.writesSubmitted === connection.writesAnswered) {
      this.#answer(connection, bytes, start, end, connection.receivedAtMs)
    } else this.#defer(connection, bytes.slice(start, end))
  }

  /** The connection is gone: nothing of it waits any more. */
  forget(connection: ClientConnection): void {
    this.deferredCount -= connection.deferred.length
    connection.deferred.length = 0
  }

  /**
   * A write of this connection has been answered, or the peer has taken its replies: what waited for it goes on. A peer that does
   * not take its replies waits, but for reads before a write that is under way: they may not show it, nor be answered behind it.
   */
  resume(connection: ClientConnection): void {
    const { deferred } = connection
    let count = 0
    while (
      count < deferred.length &&
      deferred[count]!.afterWrites <= connection.writesAnswered &&
      !connection.isClosed &&
      (!connection.isBacklogged || deferred[count]!.afterWrites < connection.writesSubmitted)
    ) {
      const { bytes, receivedAtMs, authErr } = deferred[count++]!
      if (authErr !== undefined) this.#answerAuth(connection, readInt32(bytes, 0), authErr)
      else this.#answer(connection, bytes, 0, bytes.length, receivedAtMs)
    }
    if (count === 0) return
    deferred.splice(0, count)
    this.deferredCount -= count
  }

  /** A write may not show in reads that came before it and wait for a barrier. */
  #mustWait(connection: ClientConnection, type: number): boolean {
    return (
      connection.barrierCount > 0 && type !== OpCode.sync && this.#authority.canWritesPassBarriers
    )
  }

  #write(
    connection: ClientConnection,
    type: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const reader = this.#reader.reset(bytes, start, end)
    const xid = reader.readInt()
    reader.readInt()
    if (this.#refuseUnauthenticated(connection, xid)) return
    const request = this.#ordered(connection, xid, type)
    if (type === OpCode.sync) connection.barrierCount++
    try {
      this.#authority.write(request, reader)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      if (type === OpCode.multi) this.#authority.fail(request, ErrorCode.MarshallingError)
      else {
        connection.writesSubmitted--
        if (type === OpCode.sync) connection.barrierCount--
        this.#answerInTurn(connection, bytes, start)
      }
    }
  }

  #ordered(connection: ClientConnection, xid: number, type: number): OrderedRequest {
    return {
      connection,
      session: connection.session!,
      xid,
      type,
      receivedAtMs: connection.receivedAtMs,
      timeMs: this.#host.wallMs,
      identities: connection.identities,
      ordinal: ++connection.writesSubmitted,
    }
  }

  /**
   * The barrier is asked for at once, whatever is under way before it; the read is made in its turn. A write behind it waits
   * until then, as behind a sync, so that neither shows what its client asked for later.
   */
  #readLinearizably(connection: ClientConnection, bytes: Uint8Array): void {
    const xid = readInt32(bytes, 0)
    if (this.#refuseUnauthenticated(connection, xid)) return
    const request = this.#ordered(connection, xid, OpCode.linearizableRead)
    connection.barrierCount++
    this.#authority.confirmRead(request, (err) =>
      this.#order.ready(request, () => {
        if (err === ErrorCode.Ok) this.#answerLinearizably(connection, xid, bytes)
        else connection.reply(xid, this.#host.lastZxid, err)
      }),
    )
  }

  #answerLinearizably(connection: ClientConnection, xid: number, bytes: Uint8Array): void {
    const type = bytes.length < 12 ? undefined : readInt32(bytes, 8)
    if (type === undefined) connection.reply(xid, this.#host.lastZxid, ErrorCode.MarshallingError)
    else if (!isDataRead(type)) connection.reply(xid, this.#host.lastZxid, ErrorCode.Unimplemented)
    else this.#reads.answer(connection, xid, type, this.#reader.reset(bytes, 12, bytes.length))
  }

  #askOutcomes(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader.reset(bytes, start, end)
    const xid = reader.readInt()
    reader.readInt()
    if (this.#refuseUnauthenticated(connection, xid)) return
    this.#outcomes.ask(this.#ordered(connection, xid, OpCode.outcomes), reader)
  }

  /**
   * A write that is not carried out is answered in its turn and uses no zxid: one that has waited for too long, or a single
   * one that cannot be decoded (a multi of that kind uses one, in every version).
   *
   * Compatibility: Apache 3.8 logs an error transaction for a write that cannot be decoded; this follows 3.9.
   */
  #answerInTurn(connection: ClientConnection, bytes: Uint8Array, start: number): void {
    const header = bytes.slice(start, start + 8)
    if (connection.writesSubmitted === connection.writesAnswered)
      this.#answer(connection, header, 0, 8, connection.receivedAtMs)
    else this.#defer(connection, header)
  }

  #defer(connection: ClientConnection, bytes: Uint8Array, authErr?: number): void {
    this.deferredCount++
    connection.deferred.push({
      afterWrites: connection.writesSubmitted,
      bytes,
      receivedAtMs: connection.receivedAtMs,
      ...(authErr === undefined ? {} : { authErr }),
    })
  }

  #answer(
    connection: ClientConnection,
    bytes: Uint8Array,
    start: number,
    end: number,
    receivedAtMs: number,
  ): void {
    const reader = this.#reader.reset(bytes, start, end)
    const xid = reader.readInt()
    const type = reader.readInt()
    if (type === OpCode.sasl) this.#answerSasl(connection, xid)
    else if (type !== OpCode.ping && this.#refuseUnauthenticated(connection, xid)) return
    else if (this.#isOverdue(type, receivedAtMs)) this.#refuseOverdue(connection, xid)
    // Only a write that could not be decoded comes here as a write.
    else if (isWrite(type)) connection.reply(xid, this.#host.lastZxid, ErrorCode.MarshallingError)
    else if (!this.#reads.answer(connection, xid, type, reader))
      this.#refuseUnknown(connection, xid, type)
    this.#host.requestAnswered(connection, { type, xid, receivedAtMs })
  }

  /** Whether a request has waited for too long to be worth its work: its client has probably given it up. */
  #isOverdue(type: number, receivedAtMs: number): boolean {
    return (
      this.#throttledOpWaitMs > 0 &&
      this.#host.nowMs - receivedAtMs > this.#throttledOpWaitMs &&
      type !== OpCode.ping &&
      type !== OpCode.closeSession
    )
  }

  #refuseOverdue(connection: ClientConnection, xid: number): void {
    this.throttledCount++
    connection.reply(xid, this.#host.lastZxid, ErrorCode.ThrottledOp)
  }

  /**
   * The identity counts from here on, for what comes behind the packet as well as for a write that is checked while an
   * earlier one is under way; only the answer waits for its turn.
   */
  #authenticate(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader.reset(bytes, start, end)
    const xid = reader.readInt()
    reader.readInt()
    const authErr = this.#authError(connection, reader)
    connection.isRefused = authErr !== ErrorCode.Ok
    if (connection.writesSubmitted === connection.writesAnswered)
      this.#answerAuth(connection, xid, authErr)
    else this.#defer(connection, bytes.slice(start, start + 8), authErr)
  }

  #answerAuth(connection: ClientConnection, xid: number, err: number): void {
    connection.reply(xid, 0, err)
    if (err !== ErrorCode.Ok) {
      this.#host.drop(
        connection,
        'AUTH_FAILED',
        'the scheme of an auth packet is unknown here, or its data is not accepted',
      )
    }
    const { receivedAtMs } = connection
    this.#host.requestAnswered(connection, { type: OpCode.auth, xid, receivedAtMs })
  }

  #authError(connection: ClientConnection, reader: JuteReader): number {
    try {
      return authenticate(connection, reader, this.#options)
    } catch (error) {
      if (error instanceof JuteError) return ErrorCode.AuthFailed
      throw error
    }
  }

  /** A server without SASL answers with a null token, and the client goes on without. */
  #answerSasl(connection: ClientConnection, xid: number): void {
    connection.beginReply(xid, 0, ErrorCode.Ok).writeBuffer(null)
    connection.endReply()
  }

  #refuseUnauthenticated(connection: ClientConnection, xid: number): boolean {
    if (isAuthenticatedEnough(connection, this.#options)) return false
    connection.reply(xid, 0, ErrorCode.SessionClosedRequireSaslAuth)
    this.#host.drop(
      connection,
      'AUTH_REQUIRED',
      `a request came before authentication by ${this.#options.enforceAuthSchemes.join(' or ')}`,
    )
    return true
  }

  #refuseUnknown(connection: ClientConnection, xid: number, type: number): void {
    connection.reply(xid, Xid.notification, ErrorCode.Unimplemented)
    this.#host.drop(
      connection,
      'UNKNOWN_OP',
      `a request has the type ${type}, which this server does not know`,
    )
  }
}

function isLinearizableReader({ capabilities }: ClientConnection): boolean {
  return capabilities !== undefined && (capabilities & Capability.linearizableReads) !== 0
}
