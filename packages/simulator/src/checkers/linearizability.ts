/**
 * Every register behaves as if each operation on it had happened at one moment between its request and its reply.
 *
 * The check is partitioned by register (linearizability is local: Herlihy and Wing 1990), and searches each history by itself
 * when the run is over; see {@link isLinearizable}.
 */
import { ErrorCode } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import type { Invoked, Observation, Replied } from '../history/observation.ts'
import { registersRoot } from '../workload/registers.ts'
import type { Checker } from './checker.ts'
import { isLinearizable, type RegisterEffect, type RegisterOperation } from './register-search.ts'

type Pending = { -readonly [K in keyof RegisterOperation]: RegisterOperation[K] }

export class Linearizability implements Checker {
  readonly name = 'linearizability'
  readonly #histories = new Map<string, Pending[]>()
  /** By connection and xid. */
  readonly #pending = new Map<string, Pending>()
  #moment = 0

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
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

  #invoked({ operation, connection, xid }: Invoked): void {
    const path = registerOf(operation)
    if (path === undefined) return
    const pending: Pending = {
      effect: effectOf(operation),
      invokedAt: ++this.#moment,
      returnedAt: Infinity,
      outcome: undefined,
    }
    const history = this.#histories.get(path)
    if (history === undefined) this.#histories.set(path, [pending])
    else history.push(pending)
    this.#pending.set(`${connection}/${xid}`, pending)
  }

  #replied({ connection, xid, err, answer }: Replied): void {
    const pending = this.#pending.get(`${connection}/${xid}`)
    if (pending === undefined) return
    pending.returnedAt = ++this.#moment
    pending.outcome = {
      err,
      version: err === ErrorCode.Ok ? answer.stat?.version : undefined,
      data: answer.data,
    }
  }

  #search(): string | undefined {
    for (const [path, history] of this.#histories) {
      const telling = history.filter(saysSomething)
      const verdict = isLinearizable(telling)
      if (verdict === 'undecided')
        return `the history of ${path}, ${telling.length} operations, is too long to search`
      if (verdict === 'no') return `the history of ${path} has no linearization: ${tell(telling)}`
    }
    return undefined
  }
}

/** A read without an answer says nothing, nor does what a closing session was refused. */
function saysSomething({ effect, outcome }: RegisterOperation): boolean {
  if (outcome === undefined) return effect.type !== 'read'
  return outcome.err !== ErrorCode.SessionExpired
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
