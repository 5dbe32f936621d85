import { ErrorCode, type Zxid } from '@quorate/protocol'
import { isLinearizable, isWrite } from '../client/operation.ts'
import type { Invoked, Observation, Replied } from '../history/observation.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

interface Asked {
  readonly isWrite: boolean
  /** The newest state that had been shown to anybody when this one began. */
  readonly floor: Zxid
}

/**
 * Writes, linearizable reads and syncs take effect between their request and their reply; the zxids tell when they did.
 *
 * 1. A write has a higher zxid than any reply had shown when it was asked for.
 * 2. A linearizable read, a sync, and so what is read behind a sync, shows at least as much. (A state that anybody was shown is
 *    committed, and a leader delivers before all others.)
 *
 * This is the same promise as that of linearizability, judged with the servers' own account and for all operations.
 */
export class RealTimeOrder implements Checker {
  readonly name = 'real-time-order'
  readonly reads: Checker['reads'] = ['connected', 'invoked', 'replied', 'disconnected']
  readonly #asked = new Map<number, Map<number, Asked>>()
  readonly #readOnlyConnections = new Set<number>()
  readonly #hasConfirmedSync: boolean
  #floor: Zxid = 0

  /** @param options whether a sync is a barrier, as it is not with Apache's servers */
  constructor(options: { readonly hasConfirmedSync: boolean } = { hasConfirmedSync: true }) {
    this.#hasConfirmedSync = options.hasConfirmedSync
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly === true) this.#readOnlyConnections.add(observation.connection)
        else this.#asked.set(observation.connection, new Map())
        return undefined
      case 'invoked':
        this.#invoked(observation)
        return undefined
      case 'replied':
        return this.#replied(observation)
      case 'disconnected':
        this.#asked.delete(observation.connection)
        return undefined
      default:
        return undefined
    }
  }

  #invoked({ connection, xid, operation }: Invoked): void {
    const isInOrder =
      isWrite(operation) ||
      isLinearizable(operation) ||
      (operation.type === 'sync' && this.#hasConfirmedSync)
    if (!isInOrder || operation.type === 'closeSession') return
    this.#asked.get(connection)?.set(xid, { isWrite: isWrite(operation), floor: this.#floor })
  }

  #replied({ connection, xid, zxid, client, err, operation }: Replied): string | undefined {
    const open = this.#asked.get(connection)
    if (open === undefined) return undefined
    const before = open.get(xid)
    open.delete(xid)
    if (zxid > this.#floor) this.#floor = zxid
    // What was refused without having been looked at shows no state.
    if (before === undefined || refusals.has(err)) return undefined
    const isRight = before.isWrite ? zxid > before.floor : zxid >= before.floor
    return isRight
      ? undefined
      : `${client} asked for ${operation?.type} ${xid} when ${formatZxid(before.floor)} had been shown, and got ${formatZxid(zxid)}`
  }
}

const refusals: ReadonlySet<number> = new Set([
  ErrorCode.SessionExpired,
  ErrorCode.SessionMoved,
  ErrorCode.EphemeralOnLocalSession,
  ErrorCode.Unimplemented,
])
