/**
 * Keeps the answers of each connection in the order of its requests, where those that wait for a confirmation by others may be
 * overtaken by writes behind them.
 *
 * 1. An answer goes out when all of its connection with a lower ordinal have.
 * 2. An answer made too early is held as bytes: it shows the state of its own moment. A read that waits is made when its turn comes.
 */
import type { ClientConnection } from './client-connection.ts'
import type { OrderedRequest } from './write.ts'

export interface HeldAnswer {
  readonly request: OrderedRequest
  /** A whole frame, or what makes the answer. */
  readonly answer: Uint8Array | (() => void)
}

export class ReplyOrder {
  /** Answers of all connections that are held. */
  heldCount = 0
  readonly #answered: (request: OrderedRequest) => void

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
    this.heldCount -= connection.heldAnswers.size
    connection.heldAnswers.clear()
  }

  #hold(request: OrderedRequest, answer: HeldAnswer['answer']): void {
    this.heldCount++
    request.connection.heldAnswers.set(request.ordinal, { request, answer })
  }

  #release(connection: ClientConnection): void {
    const { heldAnswers } = connection
    while (heldAnswers.size > 0 && !connection.isClosed) {
      const held = heldAnswers.get(connection.writesAnswered + 1)
      if (held === undefined) return
      heldAnswers.delete(held.request.ordinal)
      this.heldCount--
      if (typeof held.answer === 'function') held.answer()
      else connection.sendFrame(held.answer)
      this.#count(held.request)
    }
  }

  #count(request: OrderedRequest): void {
    request.connection.writesAnswered++
    this.#answered(request)
  }
}
