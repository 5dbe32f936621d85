/** What became of writes whose answers were lost: the question of {@link OpCode.outcomes} and its answer. */
import { buffer, type Codec, int, record, sessionId, vector, zxid } from './codec.ts'
import type { SessionId, Zxid } from './zxid.ts'

/** int xid · long after */
export interface OutcomeQuestion {
  /** Of the write. */
  readonly xid: number
  /** A transaction that the client knew of when it sent the write: an earlier one with the same xid was another's. */
  readonly after: Zxid
}

/** Another session than the one that asks, which must be over by then, and what proves that it was the asker's own. */
export interface EndedSession {
  readonly id: SessionId
  readonly passwd: Uint8Array | null
}

/** vector of OutcomeQuestion [· long id · buffer passwd] */
export interface OutcomesRequest {
  readonly questions: readonly OutcomeQuestion[]
  /** Whose writes they were; missing: those of the session that asks. */
  readonly ended?: EndedSession | undefined
}

const outcomeQuestions = vector(record({ xid: int, after: zxid }))
const endedSession: Codec<EndedSession> = record({ id: sessionId, passwd: buffer })

export const outcomesRequest: Codec<OutcomesRequest> = {
  encode(writer, { questions, ended }) {
    outcomeQuestions.encode(writer, questions)
    if (ended !== undefined) endedSession.encode(writer, ended)
  },
  decode(reader) {
    const questions = outcomeQuestions.decode(reader)
    return reader.remaining > 0 ? { questions, ended: endedSession.decode(reader) } : { questions }
  },
}

export const OutcomeState = {
  /** It is no transaction, and never will be one. */
  neverApplied: 0,
  /** It is one. `zxid`, `err` and `body` are what the reply would have held. */
  applied: 1,
  /** The server does not know any more. */
  unknown: 2,
  /** It is no transaction yet, and may become one: the session that was asked about is not over. */
  undecided: 3,
} as const

/** int xid · int state · long zxid · int err · buffer body */
export interface OutcomeAnswer {
  readonly xid: number
  /** One of {@link OutcomeState}. */
  readonly state: number
  /** 0 unless it was applied, as `err`. */
  readonly zxid: Zxid
  readonly err: number
  /** The record behind the reply's header; null unless it was applied. */
  readonly body: Uint8Array | null
}

/** vector of OutcomeAnswer, in the order of the questions */
export const outcomesResponse: Codec<readonly OutcomeAnswer[]> = vector(
  record({ xid: int, state: int, zxid, err: int, body: buffer }),
)
