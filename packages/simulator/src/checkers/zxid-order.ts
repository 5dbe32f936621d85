import type { SessionId, Zxid } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import { formatZxid } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/** A session never sees an older state than it has seen before, on whichever connection. */
export class ZxidOrder implements Checker {
  readonly name = 'zxid-order'
  readonly reads: Checker['reads'] = ['replied', 'notified']
  readonly #lastZxids = new Map<SessionId, Zxid>()

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'replied' && observation.type !== 'notified') return undefined
    const { session, client, zxid } = observation
    // What setWatches catches up on has no zxid.
    if (zxid < 0) return undefined
    // Authentication is answered without a look at the state.
    if (observation.type === 'replied' && observation.operation?.type === 'auth') return undefined
    const last = this.#lastZxids.get(session) ?? 0
    if (zxid >= last) {
      this.#lastZxids.set(session, zxid)
      return undefined
    }
    return `${client} saw ${formatZxid(zxid)} after ${formatZxid(last)} in session ${session}`
  }
}
