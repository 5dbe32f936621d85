import { OpCode, type TxnBody, utf8Decode, type Zxid } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import { lockOfTokenPath } from '../workload/contended.ts'
import { type Checker, committingTypes } from './checker.ts'

/**
 * Who has lost a lock cannot write through it: the tokens that holders write, each guarded by its lock, never become
 * smaller in the order of the transactions.
 */
export class FencingTokens implements Checker {
  readonly name = 'fencing-tokens'
  readonly reads: Checker['reads'] = committingTypes
  readonly #cursor: CommittedCursor
  readonly #tokensByLock = new Map<string, number>()

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(_observation: Observation): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next())
      for (const body of effectiveBodies(next.txn)) {
        const problem = this.#written(body, next.txn.header.zxid)
        if (problem !== undefined) return problem
      }
    return undefined
  }

  #written(body: TxnBody, zxid: Zxid): string | undefined {
    const isWrite =
      body.type === OpCode.setData || body.type === OpCode.create || body.type === OpCode.create2
    const lock = isWrite ? lockOfTokenPath(body.path) : undefined
    if (!isWrite || lock === undefined || body.data === null) return undefined
    const token = Number(utf8Decode(body.data))
    const last = this.#tokensByLock.get(lock) ?? 0
    this.#tokensByLock.set(lock, token)
    return token < last
      ? `the holder of ${lock} with token ${formatZxid(token)} writes at ${formatZxid(zxid)}, after one with ${formatZxid(last)}`
      : undefined
  }
}
