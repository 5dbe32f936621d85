/**
 * Every register behaves as if each operation on it had happened at one moment between its request and its reply. Judged from
 * what clients saw, but for one thing that they cannot know: what became of writes that were cut off.
 *
 * 1. All writes belong to the history; of those without a reply only the ones that the servers committed, at any time after
 *    their request.
 * 2. So do linearizable reads, and the first read behind a sync, as if it had been asked for with the sync.
 * 3. With one server that is alone all reads do.
 *
 * The check is partitioned by register (linearizability is local: Herlihy and Wing 1990), and searches each history by itself
 * when the run is over; see {@link isLinearizable}. A search that was given up is told as a failure.
 */
import { ErrorCode, type SessionId } from '@quorate/protocol'
import { isLinearizable as isAskedLinearizable, type Operation } from '../client/operation.ts'
import type { Invoked, Observation, Replied } from '../history/observation.ts'
import { CommittedCursor, type TxnHistory } from '../history/txn-history.ts'
import { registersRoot } from '../workload/registers.ts'
import type { Checker } from './checker.ts'
import { isLinearizable, type RegisterEffect, type RegisterOperation } from './register-search.ts'

interface Pending extends RegisterOperation {
  returnedAt: number
  outcome: RegisterOperation['outcome']
  readonly session: SessionId
  readonly xid: number
  /** Whether it is a read that may show an old state. */
  readonly isOrdinaryRead: boolean
}

export class Linearizability implements Checker {
  readonly name = 'linearizability'
  readonly reads: Checker['reads'] = ['connected', 'termStarted', 'invoked', 'replied', 'ended']
  readonly #history: TxnHistory
  readonly #operations = new Map<string, Pending[]>()
  /** By connection and xid. */
  readonly #pending = new Map<number, Pending>()
  /** When the last sync was asked for that no read came behind yet, by connection. */
  readonly #syncs = new Map<number, { readonly xid: number; readonly invokedAt: number }>()
  readonly #readOnlyConnections = new Set<number>()
  #isEnsemble = false
  #moment = 0

  constructor(history: TxnHistory) {
    this.#history = history
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly === true) this.#readOnlyConnections.add(observation.connection)
        return undefined
      case 'termStarted':
        this.#isEnsemble = true
        return undefined
      case 'invoked':
        this.#invoked(observation)
        return undefined
      case 'replied':
        this.#replied(observation)
        return undefined
      case 'ended':
        return this.#search()
      default:
        return undefined
    }
  }

  #invoked({ operation, connection, xid, session }: Invoked): void {
    if (this.#readOnlyConnections.has(connection)) return
    const now = ++this.#moment
    if (operation.type === 'sync') this.#syncs.set(connection, { xid, invokedAt: now })
    const path = registerOf(operation)
    if (path === undefined) return
    const isRead = operation.type === 'getData'
    const sync = isRead ? this.#syncs.get(connection) : undefined
    if (sync !== undefined) this.#syncs.delete(connection)
    const isLate = isAskedLinearizable(operation)
    const pending: Pending = {
      effect: effectOf(operation),
      invokedAt: isLate ? now : (sync?.invokedAt ?? now),
      returnedAt: Infinity,
      outcome: undefined,
      session,
      xid,
      isOrdinaryRead: isRead && !isLate && sync === undefined,
    }
    const known = this.#operations.get(path)
    if (known === undefined) this.#operations.set(path, [pending])
    else known.push(pending)
    this.#pending.set(requestKey(connection, xid), pending)
  }

  #replied({ connection, xid, err, answer }: Replied): void {
    const key = requestKey(connection, xid)
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    this.#pending.delete(key)
    pending.returnedAt = ++this.#moment
    pending.outcome = {
      err,
      version: err === ErrorCode.Ok ? answer.stat?.version : undefined,
      data: answer.data,
    }
  }

  #search(): string | undefined {
    const committed = this.#committedRequests()
    const isPart = (operation: Pending): boolean => {
      const { effect, outcome, isOrdinaryRead, session, xid } = operation
      if (isOrdinaryRead && this.#isEnsemble) return false
      if (outcome === undefined) return effect.type !== 'read' && committed.has(`${session}/${xid}`)
      // Refused without having been looked at.
      return outcome.err !== ErrorCode.SessionExpired && outcome.err !== ErrorCode.SessionMoved
    }
    for (const [path, operations] of this.#operations) {
      const history = operations.filter(isPart)
      const verdict = isLinearizable(history)
      if (verdict === 'undecided')
        return `the search for a linearization of ${path}, ${history.length} operations, was given up`
      if (verdict === 'no') return `the history of ${path} has no linearization: ${tell(history)}`
    }
    return undefined
  }

  #committedRequests(): ReadonlySet<string> {
    const requests = new Set<string>()
    const cursor = new CommittedCursor(this.#history)
    for (let next = cursor.next(); next !== undefined; next = cursor.next())
      requests.add(`${next.txn.header.clientId}/${next.txn.header.cxid}`)
    return requests
  }
}

function requestKey(connection: number, xid: number): number {
  return connection * 0x1_0000_0000 + (xid >>> 0)
}

function registerOf(operation: Operation): string | undefined {
  if (!('path' in operation) || !operation.path.startsWith(`${registersRoot}/`)) return undefined
  const isOnData =
    operation.type === 'create' || operation.type === 'setData' || operation.type === 'getData'
  return isOnData ? operation.path : undefined
}

function effectOf(operation: Operation): RegisterEffect {
  if (operation.type === 'create') return { type: 'create', data: operation.data }
  if (operation.type === 'setData')
    return { type: 'write', data: operation.data, version: operation.version }
  return { type: 'read' }
}

function tell(history: readonly RegisterOperation[]): string {
  return history
    .map(({ effect, outcome, invokedAt, returnedAt }) => {
      const data = 'data' in effect ? ` ${effect.data}` : ''
      const version = effect.type === 'write' ? ` if ${effect.version}` : ''
      const result =
        outcome === undefined
          ? 'unknown'
          : `${outcome.err} version ${outcome.version} ${outcome.data ?? ''}`
      return `[${invokedAt}–${returnedAt}] ${effect.type}${data}${version} → ${result}`
    })
    .join('; ')
}
