import { ErrorCode, type Zxid } from '@quorate/protocol'
import { isWrite } from '../client/operation.ts'
import type { Observation, Replied } from '../history/observation.ts'
import { formatZxid, isEpochStart, type TxnHistory } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * What a client was told is never lost.
 *
 * 1. What a reply or an event shows is committed when it comes. (That it stays so, and that every later leader has it, is
 *    what total-order is for.)
 * 2. The zxid of a write's reply is that of a transaction which this session asked for with this xid.
 * 3. A server that is alone comes back with every transaction that any reply has shown.
 *
 * A read-only server may show what was never committed.
 */
export class AcknowledgedWrites implements Checker {
  readonly name = 'acknowledged-writes'
  readonly reads: Checker['reads'] = ['connected', 'replied', 'notified', 'recovered']
  readonly #history: TxnHistory
  readonly #readOnlyConnections = new Set<number>()
  #lastShown: { readonly zxid: Zxid; readonly client: string; readonly xid: number } | undefined

  constructor(history: TxnHistory) {
    this.#history = history
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly === true) this.#readOnlyConnections.add(observation.connection)
        return undefined
      case 'replied':
        return this.#readOnlyConnections.has(observation.connection)
          ? undefined
          : this.#replied(observation)
      case 'notified': {
        const { client, connection, zxid } = observation
        if (zxid < 0 || this.#readOnlyConnections.has(connection) || this.#isSettled(zxid))
          return undefined
        return `${client} is told of an event of ${formatZxid(zxid)}, which is not committed`
      }
      case 'recovered': {
        const { lastZxid } = observation.view
        const shown = this.#lastShown
        if (shown === undefined || shown.zxid <= lastZxid) return undefined
        return `${observation.server} came back with ${formatZxid(lastZxid)} as its last transaction, but ${shown.client} was shown ${formatZxid(shown.zxid)} by the reply to ${shown.xid}`
      }
      default:
        return undefined
    }
  }

  #replied({ zxid, client, xid, session, operation, err }: Replied): string | undefined {
    if (zxid > (this.#lastShown?.zxid ?? 0)) this.#lastShown = { zxid, client, xid }
    if (operation === undefined) return undefined
    if (isWrite(operation) && isFromHistory(operation.type, err)) {
      const header = this.#history.entryOf(zxid)?.txn?.header
      if (header?.clientId !== session || header.cxid !== xid)
        return `${client} was told that its request ${xid} is transaction ${formatZxid(zxid)}, which is ${header === undefined ? 'not there' : `that of request ${header.cxid} of session ${header.clientId}`}`
    }
    return zxid <= 0 || this.#isSettled(zxid)
      ? undefined
      : `${client} is shown ${formatZxid(zxid)} by the reply to ${xid}, which is not committed`
  }

  /** Counters begin at 1: with 0 an epoch is shown of which nothing is there yet. */
  #isSettled(zxid: Zxid): boolean {
    return this.#history.isCommitted(zxid) || isEpochStart(zxid)
  }
}

const refusals: ReadonlySet<number> = new Set([
  ErrorCode.SessionExpired,
  ErrorCode.SessionMoved,
  ErrorCode.EphemeralOnLocalSession,
])

/**
 * Whether such a reply has a transaction. That of closeSession shows the last one of the batch it was applied with, and what
 * a session asks for that is over or elsewhere, or local to its server, is refused without.
 */
function isFromHistory(type: string, err: number): boolean {
  return type !== 'closeSession' && !refusals.has(err)
}
