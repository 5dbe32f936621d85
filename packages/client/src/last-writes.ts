/**
 * The writes that a session left unanswered when it was lost. Servers of ours remember what became of them for a while beyond the
 * session: another session asks, which proves by the password that they were its client's.
 *
 * 1. Each is settled when the truth is known, or by its own deadline, or when nobody could tell for two session timeouts.
 * 2. None is sent again: what was never applied is rejected, and its caller decides.
 * 3. A node that was to live as long as the session is gone with it. A create of one that was applied is rejected as if it had not been:
 *    its caller would take the node for its own.
 */
import {
  type CreateMode,
  createRequest,
  isEphemeral,
  JuteReader,
  JuteWriter,
  multiRequest,
  multiResponse,
  OpCode,
  type OutcomeAnswer,
  OutcomeState,
} from '@quorate/protocol'
import type { Call } from './call.ts'
import type { Session } from './session.ts'
import { inquiry, type LastWrites, type UnresolvedWrite } from './unresolved-writes.ts'
import type { Clock } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface Asking {
  /** Who asks now; an ended one when nobody does any more. */
  readonly session: () => Session
  readonly serverCount: () => number
  readonly clock: Clock
}

/** A leader that is new gives each session all its time once more. */
const timeoutsMax = 2
/** Between two questions, as parts of the session timeout: each question costs the servers a transaction. */
const pauseFirst = 1 / 20
const pauseMost = 1 / 4

/** Resolves when all are settled. */
export async function settleLastWrites(last: LastWrites, asking: Asking): Promise<void> {
  const { clock } = asking
  const endMs = clock.nowMs() + timeoutsMax * last.timeoutMs
  let ignorantCount = 0
  let pauseMs = last.timeoutMs * pauseFirst
  for (;;) {
    const open = last.writes.filter(({ call }) => !call.isSettled)
    const session = asking.session()
    const leftMs = endMs - clock.nowMs()
    if (open.length === 0 || leftMs <= 0 || isOver(session)) break
    const told = await ask(session, open, last, leftMs)
    if (told === 'refused') break
    if (told === 'forgotten') {
      if (++ignorantCount >= asking.serverCount()) break
      session.move()
    } else if (told === 'undecided') {
      await pause(clock, Math.max(0, Math.min(pauseMs, endMs - clock.nowMs())))
      pauseMs = Math.min(pauseMs * 2, last.timeoutMs * pauseMost)
    }
  }
  giveUpLastWrites(last)
}

/** Nobody is asked any more. */
export function giveUpLastWrites({ writes, loss }: LastWrites): void {
  for (const { call } of writes) call.fail('SessionExpired', loss)
}

/** `undecided`: the same server may know more later. `forgotten`: another one may know more. */
type Told = 'all' | 'undecided' | 'forgotten' | 'refused'

async function ask(
  session: Session,
  writes: readonly UnresolvedWrite[],
  last: LastWrites,
  deadlineMs: number,
): Promise<Told> {
  const questions = writes.map(({ question }) => question)
  const ended = { id: last.identity.id, passwd: last.identity.password }
  try {
    const answers = await session.submit(inquiry({ questions, ended }), { deadlineMs })
    return settle(writes, answers, last)
  } catch (error) {
    // Answers that can't be read are no answers.
    if (!(error instanceof ZooKeeperError)) return 'refused'
    if (error.code === 'Unimplemented') return 'forgotten'
    return error.retryable || error.code === 'SessionExpired' ? 'undecided' : 'refused'
  }
}

function settle(
  writes: readonly UnresolvedWrite[],
  answers: readonly OutcomeAnswer[],
  { loss }: LastWrites,
): Told {
  let told: Told = 'all'
  writes.forEach(({ call, question }, at) => {
    const answer = answers[at]
    if (answer?.state === OutcomeState.undecided) told = 'undecided'
    else if (answer?.xid !== question.xid || answer.state === OutcomeState.unknown)
      told = told === 'all' ? 'forgotten' : told
    else if (answer.state === OutcomeState.applied) settleApplied(call, answer, loss)
    else failWithoutTrace(call, loss)
  })
  return told
}

function settleApplied(call: Call, { err, body }: OutcomeAnswer, loss: unknown): void {
  const result = body ?? new Uint8Array(0)
  const made = err === 0 ? ephemeralsMade(call, result) : 'none'
  if (made === 'all') failWithoutTrace(call, loss)
  else if (made === 'some') call.fail('SessionExpired', loss)
  else call.answer(err, new JuteReader(result))
}

/** Nothing of it is there, nor will be. */
function failWithoutTrace(call: Call, loss: unknown): void {
  call.wasSent = false
  call.fail('SessionExpired', loss)
}

/** How much of what a write did went with the session. */
function ephemeralsMade(call: Call, result: Uint8Array): 'none' | 'some' | 'all' {
  const { type } = call.operation
  if (type !== OpCode.create && type !== OpCode.create2 && type !== OpCode.multi) return 'none'
  const writer = new JuteWriter()
  call.writeRequest(writer)
  const request = new JuteReader(writer.written())
  if (type !== OpCode.multi)
    return isEphemeral(createRequest.decode(request).flags as CreateMode) ? 'all' : 'none'
  if (multiResponse.decode(new JuteReader(result)).some((one) => one.type === -1)) return 'none'
  const isAny = multiRequest
    .decode(request)
    .some((op) => 'flags' in op && isEphemeral(op.flags as CreateMode))
  return isAny ? 'some' : 'none'
}

function isOver({ state }: Session): boolean {
  return state === 'expired' || state === 'closed'
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise<void>((resolve) => clock.wakeAfter(delayMs, resolve))
}
