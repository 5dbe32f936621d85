import type { SessionId, Zxid } from '@quorate/protocol'
import { isWrite } from '../client/operation.ts'
import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/**
 * What a client was told is never lost.
 *
 * 1. The zxid of a write's reply is that of a transaction which this session asked for with this xid.
 * 2. A server that comes back has every transaction that any reply has shown.
 */
export class AcknowledgedWrites implements Checker {
  readonly name = 'acknowledged-writes'
  readonly #askers = new Map<Zxid, { readonly session: SessionId; readonly xid: number }>()
  #lastShown: { readonly zxid: Zxid; readonly client: string; readonly xid: number } | undefined

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'applied': {
        const { clientId, cxid } = observation.txn.header
        this.#askers.set(observation.zxid, { session: clientId, xid: cxid })
        return undefined
      }
      case 'replied': {
        const { zxid, client, xid, session, operation } = observation
        if (zxid > (this.#lastShown?.zxid ?? 0)) this.#lastShown = { zxid, client, xid }
        // The reply of closeSession shows the last transaction of the batch it was applied with.
        if (operation === undefined || !isWrite(operation) || operation.type === 'closeSession')
          return undefined
        const asker = this.#askers.get(zxid)
        if (asker?.session === session && asker.xid === xid) return undefined
        return `${client} was told that its request ${xid} is transaction ${zxid}, which is ${asker === undefined ? 'not there' : `that of request ${asker.xid} of session ${asker.session}`}`
      }
      case 'recovered': {
        const { lastZxid } = observation.view
        const shown = this.#lastShown
        if (shown === undefined || shown.zxid <= lastZxid) return undefined
        return `${observation.server} came back with ${lastZxid} as its last transaction, but ${shown.client} was shown ${shown.zxid} by the reply to ${shown.xid}`
      }
      default:
        return undefined
    }
  }
}
