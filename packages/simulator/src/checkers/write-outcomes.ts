import { ErrorCode, OpCode, type SessionId, type Txn, type Zxid } from '@quorate/protocol'
import type { Outcome } from '../client/operation.ts'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { type Checker, committingTypes } from './checker.ts'

/**
 * What servers say of writes whose answers were lost is so.
 *
 * 1. A write that was applied is the transaction that they name, with the error that they name.
 * 2. One that was never applied is no transaction, neither then nor ever after; but it may be one that fails because its session had
 *    moved or was over, with the error that says so or with that of what an observer master sends in its place.
 * 3. Both hold for a session that is over as well, of which another one asks.
 */
export class WriteOutcomes implements Checker {
  readonly name = 'write-outcomes'
  readonly reads: Checker['reads'] = [...committingTypes, 'replied']
  readonly #history: TxnHistory
  readonly #cursor: CommittedCursor
  /** By session and xid, of transactions that were carried out. */
  readonly #zxids = new Map<string, Zxid>()
  /** Who was told that there is no transaction, by session and xid. */
  readonly #denials = new Map<string, string>()

  constructor(history: TxnHistory) {
    this.#history = history
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    const late = this.#advance()
    if (late !== undefined || observation.type !== 'replied') return late
    const { client, operation, answer } = observation
    const ended = operation?.type === 'outcomes' ? operation.ended : undefined
    const session = ended?.id ?? observation.session
    for (const outcome of answer.outcomes ?? []) {
      const problem = this.#problem(session, outcome)
      if (problem !== undefined)
        return `${client} is told that its request ${outcome.xid} ${problem}`
      if (outcome.state === 'neverApplied') this.#denials.set(keyOf(session, outcome.xid), client)
    }
    return undefined
  }

  #problem(session: SessionId, outcome: Outcome): string | undefined {
    const { xid } = outcome
    if (outcome.state !== 'applied') {
      const known = this.#zxids.get(keyOf(session, xid))
      return known === undefined || outcome.state !== 'neverApplied'
        ? undefined
        : `was never applied, and it is the transaction ${formatZxid(known)}`
    }
    const { zxid, err } = outcome
    const txn = this.#history.isCommitted(zxid) ? this.#history.entryOf(zxid)?.txn : undefined
    if (txn?.header.clientId !== session || txn.header.cxid !== xid)
      return `is the transaction ${formatZxid(zxid)}, which it is not`
    const expected = errorOf(txn)
    return expected === err ? undefined : `ended with ${err}, and it ended with ${expected}`
  }

  #advance(): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { clientId, cxid } = next.txn.header
      if (cxid <= 0 || tooLate.has(errorOf(next.txn))) continue
      const key = keyOf(clientId, cxid)
      this.#zxids.set(key, next.zxid)
      const client = this.#denials.get(key)
      if (client !== undefined)
        return `${client} was told that its request ${cxid} was never applied, and now it is the transaction ${formatZxid(next.zxid)}`
    }
    return undefined
  }
}

/** With these fails what is not carried out because it comes too late. */
const tooLate: ReadonlySet<number> = new Set([
  ErrorCode.SessionMoved,
  ErrorCode.SessionExpired,
  ErrorCode.BadArguments,
])

function errorOf({ body }: Txn): number {
  return body.type === OpCode.error ? body.err : ErrorCode.Ok
}

function keyOf(session: SessionId, xid: number): string {
  return `${session}/${xid}`
}
