/**
 * Tells a client what became of its writes whose answers were lost.
 *
 * The question is looked at behind a fence: by then each write of the session that came before it has been applied here, or never will
 * be anywhere. So a write of which the table knows for certain that it has none is one that never was, and may be sent again.
 */
import {
  ErrorCode,
  JuteError,
  type JuteReader,
  type OutcomeAnswer,
  type OutcomeQuestion,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
} from '@quorate/protocol'
import type { Outcome, Tree } from '@quorate/tree'
import type { ReplyOrder } from './reply-order.ts'
import type { Authority } from './roles/authority.ts'
import type { OrderedRequest } from './write.ts'

export class OutcomeHandler {
  readonly #tree: Tree
  readonly #authority: Authority
  readonly #order: ReplyOrder

  constructor(parts: {
    readonly tree: Tree
    readonly authority: Authority
    readonly order: ReplyOrder
  }) {
    this.#tree = parts.tree
    this.#authority = parts.authority
    this.#order = parts.order
  }

  /** @param reader stands at the request's record */
  ask(request: OrderedRequest, reader: JuteReader): void {
    const { connection, xid } = request
    const questions = readQuestions(reader)
    if (questions === undefined) {
      this.#order.ready(request, () =>
        connection.reply(xid, this.#tree.lastZxid, ErrorCode.MarshallingError),
      )
      return
    }
    this.#authority.fence(request, (err) => {
      const answers = err === ErrorCode.Ok ? this.#answers(request, questions) : []
      this.#order.ready(request, () => {
        const out = connection.beginReply(xid, this.#tree.lastZxid, err)
        if (err === ErrorCode.Ok) outcomesResponse.encode(out, answers)
        connection.endReply()
      })
    })
  }

  #answers({ session }: OrderedRequest, questions: readonly OutcomeQuestion[]): OutcomeAnswer[] {
    return questions.map(({ xid, after }) =>
      answerOf(xid, this.#tree.outcomes.find(session.id, xid, after)),
    )
  }
}

function readQuestions(reader: JuteReader): readonly OutcomeQuestion[] | undefined {
  try {
    return outcomesRequest.decode(reader)
  } catch (error) {
    if (error instanceof JuteError) return undefined
    throw error
  }
}

function answerOf(xid: number, outcome: Outcome): OutcomeAnswer {
  if (outcome.type === 'applied') {
    const { zxid, err, body } = outcome
    return { xid, state: OutcomeState.applied, zxid, err, body }
  }
  return { xid, state: OutcomeState[outcome.type], zxid: 0, err: 0, body: null }
}
