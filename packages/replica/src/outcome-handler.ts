/**
 * Tells a client what became of its writes whose answers were lost.
 *
 * 1. The question is looked at behind a fence: by then each write of the session that came before it has been applied here, or never
 *    will be anywhere. So a write of which the table knows for certain that it has none is one that never was, and may be sent again.
 * 2. A session that is over can't ask any more: another one of its client does, which proves that by the password.
 */
import {
  bytesEqual,
  type EndedSession,
  ErrorCode,
  JuteError,
  type JuteReader,
  type OutcomeAnswer,
  type OutcomeQuestion,
  type OutcomesRequest,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
  type SessionId,
  sessionPassword,
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
    const asked = readRequest(reader)
    if (asked === undefined) {
      this.#refuse(request, ErrorCode.MarshallingError)
      return
    }
    const { questions, ended } = asked
    if (ended !== undefined) {
      this.#askOfEnded(request, ended, questions)
      return
    }
    this.#authority.fence(request, (err) => {
      if (err !== ErrorCode.Ok) return this.#refuse(request, err)
      const answers = this.#answers(request.session.id, questions)
      const { fencesMoves } = this.#authority
      this.#answer(request, fencesMoves ? answers : answers.map(unknownIfNever))
    })
  }

  #askOfEnded(
    request: OrderedRequest,
    { id, passwd }: EndedSession,
    questions: readonly OutcomeQuestion[],
  ): void {
    if (passwd === null || !bytesEqual(passwd, sessionPassword(id))) {
      this.#refuse(request, ErrorCode.NoAuth)
      return
    }
    this.#authority.fenceEnded(request, id, (isOver) => {
      const answers = this.#answers(id, questions)
      this.#answer(request, isOver ? answers : answers.map(undecidedIfNever))
    })
  }

  #answers(session: SessionId, questions: readonly OutcomeQuestion[]): OutcomeAnswer[] {
    return questions.map(({ xid, after }) =>
      answerOf(xid, this.#tree.outcomes.find(session, xid, after)),
    )
  }

  #answer(request: OrderedRequest, answers: readonly OutcomeAnswer[]): void {
    const { connection, xid } = request
    this.#order.ready(request, () => {
      const out = connection.beginReply(xid, this.#tree.lastZxid, ErrorCode.Ok)
      outcomesResponse.encode(out, answers)
      connection.endReply()
    })
  }

  #refuse(request: OrderedRequest, err: number): void {
    const { connection, xid } = request
    this.#order.ready(request, () => connection.reply(xid, this.#tree.lastZxid, err))
  }
}

function readRequest(reader: JuteReader): OutcomesRequest | undefined {
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

function unknownIfNever(answer: OutcomeAnswer): OutcomeAnswer {
  return answer.state === OutcomeState.neverApplied
    ? { ...answer, state: OutcomeState.unknown }
    : answer
}

function undecidedIfNever(answer: OutcomeAnswer): OutcomeAnswer {
  return answer.state === OutcomeState.neverApplied
    ? { ...answer, state: OutcomeState.undecided }
    : answer
}
