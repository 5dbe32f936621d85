/**
 * The calls of a session that no connection carries: made while there is none or while too many writes are unanswered, or left
 * unanswered by the last one.
 *
 * 1. Calls are sent in the order in which they were made; those that are sent again come before all that were never sent.
 * 2. Nothing is sent on a new connection before it is known what became of the writes that the last one left: see unresolved-writes.ts.
 * 3. Nothing is sent for ever that servers close connections for: see {@link Call.blame}.
 * 4. No more writes are unanswered than the server keeps outcomes of.
 */
import type { Platform } from '@quorate/protocol'
import type { Call } from './call.ts'
import type { Connection } from './connection.ts'
import {
  askOutcomes,
  isAnyForgotten,
  isInquiry,
  settleWrites,
  type UnresolvedWrite,
  unresolvedWrites,
} from './unresolved-writes.ts'
import type { ZooKeeperErrorCode } from './zookeeper-error.ts'

export interface CallQueueParts {
  readonly platform: Platform
  /** Somebody else had the session before, and may have used the numbers that this client will. */
  readonly isTakenOver: boolean
  readonly serverCount: () => number
  /** A call that waited is settled. */
  readonly lessened: () => void
  /** Another server may know what this one does not: leave it. */
  readonly moveOn: () => void
}

export class CallQueue {
  readonly #parts: CallQueueParts
  #calls = new Set<Call>()
  #connection: Connection | undefined
  /** The connection has been asked what became of earlier writes, and has not answered. */
  #isAsking = false
  #isTakenOver: boolean
  /** The connection is to be left: it takes no more. */
  #isHeld = false
  /** Servers that did not know what became of the writes that are left. */
  #forgetfulCount = 0
  #lastCause: unknown

  constructor(parts: CallQueueParts) {
    this.#parts = parts
    this.#isTakenOver = parts.isTakenOver
  }

  get size(): number {
    return this.#calls.size
  }

  /** Sends the call, now or when there is a connection that takes it. */
  submit(call: Call): void {
    const connection = this.#connection
    const isFirst = this.#calls.size === 0 && !this.#isAsking && !this.#isHeld
    if (connection !== undefined && isFirst && connection.hasRoomFor(call)) connection.send(call)
    else this.#keep(call)
  }

  /** From here on calls go to this connection. */
  attach(connection: Connection): void {
    this.#connection = connection
    this.#isHeld = false
    const unresolved = unresolvedWrites(this.#calls)
    if (connection.tellsOutcomes && (this.#isTakenOver || unresolved.length > 0)) {
      this.#ask(connection, unresolved)
      return
    }
    for (const { call } of unresolved) call.fail('ConnectionLoss', this.#lastCause)
    this.sendNext()
  }

  /** The connection has ended and left these calls, in their order. */
  detach(unanswered: readonly Call[], cause: unknown): void {
    this.#connection = undefined
    this.#isAsking = false
    this.#lastCause = cause
    const waiting = this.#calls
    this.#calls = new Set()
    const next = unanswered.find((call) => !call.isSettled && !isInquiry(call))
    const isGivenUp = next?.blame() === false
    for (const call of unanswered) {
      if (call.isSettled) continue
      if (call === next && isGivenUp && !call.operation.isWrite) call.fail('ConnectionLoss', cause)
      else if (isKept(call)) this.#add(call)
      else call.fail('ConnectionLoss', cause)
    }
    for (const call of waiting) this.#calls.add(call)
  }

  /** With true nothing more goes to the present connection, with false it does again. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.sendNext()
  }

  /** The connection may take more. */
  sendNext(): void {
    const connection = this.#connection
    if (connection === undefined || this.#isAsking || this.#isHeld) return
    for (const call of this.#calls) {
      if (!connection.hasRoomFor(call)) return
      this.#calls.delete(call)
      connection.send(call)
    }
  }

  /** Writes whose answers were lost, and that others may still learn of: they are this queue's no more. */
  takeUnresolved(): readonly UnresolvedWrite[] {
    const unresolved = unresolvedWrites(this.#calls)
    for (const { call } of unresolved) this.#calls.delete(call)
    return unresolved
  }

  /** What waits is not sent any more. */
  failAll(code: ZooKeeperErrorCode, cause: unknown): void {
    this.#connection = undefined
    for (const call of this.#calls) call.fail(code, cause)
  }

  #ask(connection: Connection, writes: readonly UnresolvedWrite[]): void {
    this.#isAsking = true
    askOutcomes(connection, writes, (answers, error) => {
      if (isAnyForgotten(answers) && ++this.#forgetfulCount < this.#parts.serverCount()) {
        this.#parts.moveOn()
        return
      }
      this.#forgetfulCount = 0
      this.#isAsking = false
      this.#isTakenOver = false
      settleWrites(writes, answers, error ?? this.#lastCause)
      this.sendNext()
    })
  }

  #keep(call: Call): void {
    try {
      call.capture(this.#parts.platform)
    } catch (error) {
      call.fail('BadArguments', error)
      return
    }
    this.#add(call)
  }

  #add(call: Call): void {
    this.#calls.add(call)
    call.onSettled(() => {
      this.#calls.delete(call)
      this.#parts.lessened()
    })
  }
}

/** Of a write that no server can be asked about nobody knows whether it was carried out. */
function isKept(call: Call): boolean {
  return !isInquiry(call) && (!call.operation.isWrite || call.question !== undefined)
}
