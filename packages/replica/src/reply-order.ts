/**
 * Keeps the answers of each connection in the order of its requests, where those that wait for a confirmation by others may be
 * overtaken by writes behind them.
 *
 * 1. An answer goes out when all of its connection with a lower ordinal have.
 * 2. An answer made too early is held as bytes: it shows the state of its own moment. A read that waits is made when its turn comes.
 */
import type { ClientConnection } from './client-connection.ts'
import type { OrderedRequest } from './write.ts'

interface HeldAnswer {
  readonly request: OrderedRequest
  /** A whole frame, or what makes the answer. */
  readonly answer: Uint8Array | (() => void)
}

export class ReplyOrder {
  /** Answers of all connections that are held. */
  heldCount = 0
  readonly #answered: (request: OrderedRequest) => void
  /** By the request's ordinal, of the few connections that have any. */
  readonly #heldByConnection = new Map<ClientConnection, Map<number, HeldAnswer>>()

  /** @param answered is told behind each answer */
  constructor(answered: (request: OrderedRequest) => void) {
    this.#answered = answered
  }

  /** Ends the reply to `request` that the connection has begun. On a closed connection nothing must have been begun. */
  end(request: OrderedRequest): void {
    const { connection } = request
    if (connection.isClosed) this.#count(request)
    else if (request.ordinal === connection.writesAnswered + 1) {
      connection.endReply()
      this.#count(request)
      this.#release(connection)
    } else this.#hold(request, connection.cutReply())
  }

  /** Calls `answer` when it is the request's turn: now, maybe. Not at all when the connection is closed first. */
  ready(request: OrderedRequest, answer: () => void): void {
    const { connection } = request
    if (connection.isClosed) this.#count(request)
    else if (request.ordinal === connection.writesAnswered + 1) {
      answer()
      this.#count(request)
      this.#release(connection)
    } else this.#hold(request, answer)
  }

  /** The connection is gone. */
  forget(connection: ClientConnection): void {
    this.heldCount -= this.#heldByConnection.get(connection)?.size ?? 0
    this.#heldByConnection.delete(connection)
  }

  #hold(request: OrderedRequest, answer: HeldAnswer['answer']): void {
    const held = this.#heldByConnection.get(request.connection) ?? new Map<number, HeldAnswer>()
    this.#heldByConnection.set(request.connection, held.set(request.ordinal, { request, answer }))
    this.heldCount++
  }

  #release(connection: ClientConnection): void {
    if (this.heldCount === 0) return
    const held = this.#heldByConnection.get(connection)
    if (held === undefined) return
    while (!connection.isClosed) {
      const next = held.get(connection.writesAnswered + 1)
      if (next === undefined) return
      held.delete(next.request.ordinal)
      this.heldCount--
      if (held.size === 0) this.#heldByConnection.delete(connection)
      if (typeof next.answer === 'function') next.answer()
      else connection.sendFrame(next.answer)
      this.#count(next.request)
    }
  }

  #count(request: OrderedRequest): void {
    request.connection.writesAnswered++
    this.#answered(request)
  }
}
