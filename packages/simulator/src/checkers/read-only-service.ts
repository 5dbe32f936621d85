import { ErrorCode, OpCode, type SessionId, type Zxid } from '@quorate/protocol'
import { isLinearizable, isWrite, type Operation } from '../client/operation.ts'
import type { Observation, Replied } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { type Checker, committingTypes } from './checker.ts'

interface ReadOnlyConnection {
  readonly server: string
  /** What its replies show; undefined: there was none yet. */
  zxid: Zxid | undefined
}

/**
 * A server that is cut off from its ensemble only answers reads.
 *
 * 1. Writes, syncs and linearizable reads are refused with NotReadOnly.
 * 2. All replies on a connection show one transaction: the state does not change before the server has found a leader, and then it
 *    has no such connections any more. Some server had that transaction in its log; it need not be committed.
 * 3. Its sessions are its own: no transaction creates or ends one of them.
 *
 * That the state which is shown is the one at that transaction is for read-state.
 */
export class ReadOnlyService implements Checker {
  readonly name = 'read-only-service'
  readonly reads: Checker['reads'] = ['connected', 'disconnected', 'replied', ...committingTypes]
  readonly #history: TxnHistory
  readonly #cursor: CommittedCursor
  readonly #connections = new Map<number, ReadOnlyConnection>()
  readonly #sessions = new Map<SessionId, string>()

  constructor(history: TxnHistory) {
    this.#history = history
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected': {
        const { connection, server, session } = observation
        if (observation.isReadOnly !== true) return undefined
        this.#connections.set(connection, { server, zxid: undefined })
        this.#sessions.set(session, server)
        return undefined
      }
      case 'disconnected':
        this.#connections.delete(observation.connection)
        return undefined
      case 'replied': {
        const connection = this.#connections.get(observation.connection)
        return connection === undefined ? undefined : this.#replied(observation, connection)
      }
      default:
        return this.#advance()
    }
  }

  #replied(reply: Replied, connection: ReadOnlyConnection): string | undefined {
    const { operation, err, client, xid, zxid } = reply
    // Authentication is answered without a look at the state.
    if (operation === undefined || operation.type === 'auth') return undefined
    const { server } = connection
    if (isBeyondReading(operation) && err !== ErrorCode.NotReadOnly)
      return `${client} is answered ${xid} (${operation.type}) with ${err} by ${server}, which is read-only`
    connection.zxid ??= zxid
    if (connection.zxid !== zxid)
      return `${client} is shown ${formatZxid(connection.zxid)} and then ${formatZxid(zxid)} by ${server}, which is read-only`
    return this.#history.entryOf(zxid) === undefined
      ? `${client} is shown ${formatZxid(zxid)} by ${server}, which nobody logged`
      : undefined
  }

  #advance(): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { zxid, txn } = next
      const server = this.#sessions.get(txn.header.clientId)
      const { type } = txn.body
      if (server !== undefined && (type === OpCode.createSession || type === OpCode.closeSession))
        return `${formatZxid(zxid)} is about session ${txn.header.clientId}, which ${server} gave while it was read-only`
    }
    return undefined
  }
}

function isBeyondReading(operation: Operation): boolean {
  if (operation.type === 'closeSession') return false
  return isWrite(operation) || operation.type === 'sync' || isLinearizable(operation)
}
