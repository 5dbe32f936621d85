/**
 * What becomes of writes whose answers were lost with a connection: servers of ours are asked on the next one (OpCode.outcomes), and
 * answer when none of them can be carried out any more.
 *
 * 1. A write that was applied is settled with what its reply would have said.
 * 2. One that never was is sent again, as another request; not when its caller wants no such thing, nor when a later one was
 *    applied: the server had refused it then, and it may not come behind that.
 * 3. What the server does not know any more another one may know. When none does, it is `applied: 'unknown'`. Until then nothing is
 *    settled and nothing sent again.
 */
import {
  JuteReader,
  OpCode,
  type OutcomeAnswer,
  type OutcomeQuestion,
  type OutcomesRequest,
  outcomesRequest,
  outcomesResponse,
  OutcomeState,
} from '@quorate/protocol'
import { Call, type Operation } from './call.ts'
import type { Connection } from './connection.ts'
import type { SessionIdentity } from './session-state.ts'
import type { ZooKeeperError } from './zookeeper-error.ts'

/** A call that was sent, and what to ask about it. */
export interface UnresolvedWrite {
  readonly call: Call
  readonly question: OutcomeQuestion
}

/** What a lost session left: see last-writes.ts. */
export interface LastWrites {
  /** Of the lost session. */
  readonly identity: SessionIdentity
  readonly writes: readonly UnresolvedWrite[]
  readonly timeoutMs: number
  /** Why it was lost. */
  readonly loss: unknown
}

/** Those of the calls that a server can be asked about, in their order. */
export function unresolvedWrites(calls: Iterable<Call>): UnresolvedWrite[] {
  const writes: UnresolvedWrite[] = []
  for (const call of calls)
    if (call.question !== undefined) writes.push({ call, question: call.question })
  return writes
}

/**
 * Asks about the writes.
 * @param answered told of the answers, in the order of the writes, and not at all when the connection is lost first; with an error when
 *   the server answers something else
 */
export function askOutcomes(
  connection: Connection,
  writes: readonly UnresolvedWrite[],
  answered: (answers: readonly OutcomeAnswer[], error?: ZooKeeperError) => void,
): void {
  const questions = writes.map(({ question }) => question)
  connection.send(
    new Call(
      inquiry({ questions }),
      (answers) => answered(answers as readonly OutcomeAnswer[]),
      (error) => {
        if (!isLostWithItsConnection(error)) answered([], error)
      },
    ),
  )
}

/** Whether the server has forgotten what became of one of them. */
export function isAnyForgotten(answers: readonly OutcomeAnswer[]): boolean {
  return answers.some(({ state }) => state === OutcomeState.unknown)
}

/** Settles what can be settled; writes that are to be sent again are left without a question. */
export function settleWrites(
  writes: readonly UnresolvedWrite[],
  answers: readonly OutcomeAnswer[],
  cause?: unknown,
): void {
  const lastApplied = answers.findLastIndex(({ state }) => state === OutcomeState.applied)
  writes.forEach(({ call, question }, at) => {
    const answer = answers[at]?.xid === question.xid ? answers[at] : undefined
    if (answer?.state === OutcomeState.applied)
      call.answer(answer.err, new JuteReader(answer.body ?? new Uint8Array(0)))
    else if (answer?.state === OutcomeState.neverApplied) call.takeBack(at > lastApplied)
    else call.fail('ConnectionLoss', cause)
  })
}

/** Whether the call is the question itself, which nobody repeats: the next connection asks anew. */
export function isInquiry(call: Call): boolean {
  return call.operation.type === OpCode.outcomes
}

export function inquiry(request: OutcomesRequest): Operation<readonly OutcomeAnswer[]> {
  return {
    name: 'outcomes',
    type: OpCode.outcomes,
    path: undefined,
    isWrite: false,
    write: (writer) => outcomesRequest.encode(writer, request),
    read: (reader) => outcomesResponse.decode(reader),
  }
}

function isLostWithItsConnection({ code }: ZooKeeperError): boolean {
  return code === 'ConnectionLoss' || code === 'Closed' || code === 'SessionExpired'
}
