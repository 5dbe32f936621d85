import type { Zxid } from '@quorate/protocol'
import { type Electorate, electorateOf, isQuorum } from '../history/electorate.ts'
import type { Observation, TermStarted } from '../history/observation.ts'
import { formatZxid, type TxnHistory } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * What the file `currentEpoch` promises, which counts for more in an election than the length of the log. It is judged at every change
 * as if the power failed now.
 *
 * 1. Who has an epoch in it has on its disk all that the epoch's leader had when the epoch began; the leader is the first who has it. With
 *    less it would win an election over those who have what was committed before.
 * 2. When a leader starts, a quorum of the membership that is in force for it has its epoch on disk: else those could follow a leader of
 *    an earlier epoch, and cut off what this one commits.
 * 3. It never goes back.
 *
 * A disk that is lost is the operator's affair, and counts as if it were there until the server has an epoch again.
 */
export class EpochsOnDisk implements Checker {
  readonly name = 'epochs-on-disk'
  readonly reads: Checker['reads'] = [
    'synced',
    'loaded',
    'historyCut',
    'serverEnded',
    'membershipChanged',
    'epochOnDisk',
    'termStarted',
  ]
  readonly #history: TxnHistory
  readonly #durableByServer = new Map<string, Zxid>()
  readonly #epochByServer = new Map<string, number>()
  /** The last transaction that the leader of an epoch had when it began. */
  readonly #startByEpoch = new Map<number, Zxid>()
  readonly #electorateByServer = new Map<string, Electorate>()
  readonly #lostDisks = new Set<string>()

  constructor(history: TxnHistory) {
    this.#history = history
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'synced':
        this.#durableByServer.set(observation.server, observation.zxid)
        return undefined
      case 'loaded':
        this.#durableByServer.set(observation.server, observation.view.lastZxid)
        return undefined
      case 'historyCut':
        this.#durableByServer.set(observation.server, observation.zxid)
        return undefined
      case 'serverEnded':
        if (observation.losesDisk) this.#diskLost(observation.server)
        return undefined
      case 'membershipChanged':
        this.#electorateByServer.set(observation.server, electorateOf(observation.text))
        return undefined
      case 'epochOnDisk':
        return this.#written(observation.server, observation.epoch)
      case 'termStarted':
        return observation.role === 'leading' ? this.#leaderStarted(observation) : undefined
      default:
        return undefined
    }
  }

  #diskLost(server: string): void {
    this.#durableByServer.delete(server)
    this.#epochByServer.delete(server)
    this.#lostDisks.add(server)
  }

  #written(server: string, epoch: number): string | undefined {
    const before = this.#epochByServer.get(server) ?? 0
    this.#epochByServer.set(server, epoch)
    this.#lostDisks.delete(server)
    if (epoch < before) return `${server} goes back to epoch ${epoch} on its disk from ${before}`
    const durableZxid = this.#durableByServer.get(server) ?? 0
    const startZxid = this.#startByEpoch.get(epoch)
    if (startZxid === undefined) this.#startByEpoch.set(epoch, durableZxid)
    if (startZxid === undefined || epoch === before) return undefined
    return this.#has(durableZxid, startZxid)
      ? undefined
      : `${server} has epoch ${epoch} on its disk and its log up to ${formatZxid(durableZxid)}; the leader of that epoch began with ${formatZxid(startZxid)}`
  }

  /** Whether the history that ends with one transaction holds the other. */
  #has(lastZxid: Zxid, zxid: Zxid): boolean {
    const last = this.#history.entryOf(lastZxid)
    const entry = this.#history.entryOf(zxid)
    return last !== undefined && entry !== undefined && this.#history.isPrefix(entry, last)
  }

  #leaderStarted({ server, epoch }: TermStarted): string | undefined {
    const electorate = this.#electorateByServer.get(server)
    if (electorate === undefined) return undefined
    const has = (name: string): boolean =>
      (this.#epochByServer.get(name) ?? 0) >= epoch || this.#lostDisks.has(name)
    return isQuorum(electorate, has)
      ? undefined
      : `${server} leads epoch ${epoch}, which is on the disks of ${electorate.voters.filter((name) => has(name)).join(', ') || 'none'} of ${electorate.voters.join(', ')}`
  }
}
