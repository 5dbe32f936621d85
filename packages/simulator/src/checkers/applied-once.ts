import { OpCode, type SessionId, type Txn, type Zxid } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { effectiveBodies, parentOf } from '../history/txn-steps.ts'
import { type Checker, committingTypes } from './checker.ts'

const sequential = /-(\d{10})$/

/**
 * No write takes effect twice.
 *
 * 1. A request (session and xid) has one committed transaction.
 * 2. A sequential name is given out once, and the numbers below one node grow.
 * 3. The versions of a node grow by one.
 */
export class AppliedOnce implements Checker {
  readonly name = 'applied-once'
  readonly reads: Checker['reads'] = committingTypes
  readonly #cursor: CommittedCursor
  /** By session and xid. */
  readonly #requests = new Map<SessionId, Map<number, Zxid>>()
  readonly #sequentialPaths = new Set<string>()
  readonly #lastNumbers = new Map<string, number>()
  readonly #versions = new Map<string, number>()

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(_observation: Observation): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#checkRequest(next.txn) ?? this.#checkNames(next.txn)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #checkRequest({ header }: Txn): string | undefined {
    // The server's own transactions (createSession, expiry, fences) have no client's xid.
    if (header.cxid <= 0) return undefined
    let ofSession = this.#requests.get(header.clientId)
    if (ofSession === undefined) this.#requests.set(header.clientId, (ofSession = new Map()))
    const before = ofSession.get(header.cxid)
    ofSession.set(header.cxid, header.zxid)
    return before === undefined
      ? undefined
      : `request ${header.cxid} of session ${header.clientId} is transaction ${formatZxid(before)} and again ${formatZxid(header.zxid)}`
  }

  #checkNames(txn: Txn): string | undefined {
    for (const body of effectiveBodies(txn)) {
      switch (body.type) {
        case OpCode.create:
        case OpCode.create2:
        case OpCode.createTTL:
        case OpCode.createContainer: {
          this.#versions.set(body.path, 0)
          // Numbers begin anew below a node that is new.
          this.#lastNumbers.delete(body.path)
          const problem = this.#checkSequential(body.path)
          if (problem !== undefined) return problem
          break
        }
        case OpCode.setData: {
          const before = this.#versions.get(body.path)
          if (before !== undefined && body.version !== before + 1)
            return `the version of ${body.path} goes from ${before} to ${body.version}`
          this.#versions.set(body.path, body.version)
          break
        }
        default:
          break
      }
    }
    return undefined
  }

  #checkSequential(path: string): string | undefined {
    const digits = sequential.exec(path)?.[1]
    // A locking queue gives the nodes of its locks the names of its items.
    if (digits === undefined || path.includes('/taken/')) return undefined
    if (this.#sequentialPaths.has(path))
      return `the sequential name ${path} is given out a second time`
    this.#sequentialPaths.add(path)
    const parent = parentOf(path)
    const last = this.#lastNumbers.get(parent) ?? -1
    const number = Number(digits)
    this.#lastNumbers.set(parent, number)
    return number > last ? undefined : `${path} is given out after number ${last}`
  }
}
