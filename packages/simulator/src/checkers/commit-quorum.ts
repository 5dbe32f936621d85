import type { Txn, Zxid } from '@quorate/protocol'
import {
  type Electorate,
  electorateOf,
  isQuorum,
  reconfigurationIn,
} from '../history/electorate.ts'
import type { Observation, Proposed, TermStarted } from '../history/observation.ts'
import {
  CommittedCursor,
  type CommittedTxn,
  formatZxid,
  type TxnHistory,
} from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/** What a leader has proposed and not delivered yet. */
interface Leading {
  inForce: Electorate
  /** Reconfigurations that it has proposed and not delivered yet. */
  pending: readonly Electorate[]
}

/**
 * What is committed is on the disks of a quorum.
 *
 * 1. When the first server delivers a transaction, a quorum of the membership in force has it durable; and, when its leader had
 *    proposed reconfigurations and not delivered them before it proposed the transaction, one of each of their memberships too. A
 *    reconfiguration itself needs both. Once it is delivered the old membership is not asked any more: no leader comes to be
 *    without a quorum of both, as any quorum of the old one has the reconfiguration.
 * 2. The same holds, for all of its history at once, when a leader starts.
 * 3. They keep it: a server may cut off what is committed only as long as a quorum of the last membership has it without that
 *    server. A disk that is lost is the operator's affair, and counts as if it were there until the server is back.
 */
export class CommitQuorum implements Checker {
  readonly name = 'commit-quorum'
  readonly reads: Checker['reads'] = [
    'synced',
    'loaded',
    'historyCut',
    'serverEnded',
    'termEnded',
    'membershipChanged',
    'proposed',
    'applied',
    'termStarted',
  ]
  readonly #history: TxnHistory
  readonly #cursor: CommittedCursor
  readonly #durable = new Map<string, Zxid>()
  readonly #textByServer = new Map<string, string>()
  readonly #leadings = new Map<string, Leading>()
  /** Who has to have a transaction of which its leader has told. */
  readonly #required = new Map<Zxid, readonly Electorate[]>()
  readonly #lostDisks = new Set<string>()
  /** Of the last committed reconfiguration; the first one is that of the first leader. */
  #inForce: Electorate | undefined

  constructor(history: TxnHistory) {
    this.#history = history
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'synced':
        this.#madeDurable(observation.server, observation.zxid)
        return undefined
      case 'loaded':
        // Its disk has what it had.
        if (observation.cause === 'held') return undefined
        return this.#endsAt(observation.server, observation.view.lastZxid)
      case 'historyCut':
        return this.#endsAt(observation.server, observation.zxid)
      case 'serverEnded':
        this.#leadings.delete(observation.server)
        if (observation.losesDisk) this.#lostDisks.add(observation.server)
        return undefined
      case 'termEnded':
        this.#leadings.delete(observation.server)
        return undefined
      case 'membershipChanged':
        this.#textByServer.set(observation.server, observation.text)
        return undefined
      case 'proposed':
        this.#proposed(observation)
        return undefined
      case 'applied':
        return this.#advance(observation.server) ?? this.#delivered(observation)
      case 'termStarted':
        return observation.role === 'leading'
          ? this.#leaderStarted(observation)
          : this.#advance(observation.server)
      default:
        return undefined
    }
  }

  #madeDurable(server: string, zxid: Zxid): void {
    const before = this.#durable.get(server) ?? 0
    if (zxid > before) this.#durable.set(server, zxid)
  }

  /** A server's log ends here now, wherever it ended before. */
  #endsAt(server: string, zxid: Zxid): string | undefined {
    const before = this.#durable.get(server) ?? 0
    this.#durable.set(server, zxid)
    const isLost = this.#lostDisks.delete(server)
    if (isLost || this.#inForce === undefined) return undefined
    const last = this.#history.committed.findLast((txn) => txn.zxid <= before)?.zxid ?? 0
    const problem = last <= zxid ? undefined : this.#problem(last, [this.#inForce])
    return problem === undefined
      ? undefined
      : `${server} cuts its log at ${formatZxid(zxid)} and had taken ${problem}`
  }

  #proposed({ server, zxid, txn }: Proposed): void {
    const leading = this.#leadings.get(server)
    if (leading === undefined) return
    const next = reconfigurationIn(txn)
    if (next !== undefined) leading.pending = [...leading.pending, next]
    this.#required.set(zxid, [leading.inForce, ...leading.pending])
  }

  #delivered({ server, txn }: { readonly server: string; readonly txn: Txn }): undefined {
    const leading = this.#leadings.get(server)
    const next = leading === undefined ? undefined : reconfigurationIn(txn)
    if (leading === undefined || next === undefined) return
    leading.inForce = next
    leading.pending = leading.pending.filter(({ version }) => version > next.version)
  }

  /** Its whole history becomes committed. */
  #leaderStarted({ server }: TermStarted): string | undefined {
    const text = this.#textByServer.get(server)
    this.#inForce ??= text === undefined ? undefined : electorateOf(text)
    if (this.#inForce === undefined) return undefined
    const txns: CommittedTxn[] = []
    const electorates = [this.#inForce]
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      txns.push(next)
      this.#required.delete(next.zxid)
      const electorate = reconfigurationIn(next.txn)
      if (electorate !== undefined) electorates.push(electorate)
    }
    this.#inForce = electorates.at(-1)!
    this.#leadings.set(server, { inForce: this.#inForce, pending: [] })
    const last = txns.at(-1)
    const problem = last === undefined ? undefined : this.#problem(last.zxid, electorates)
    return problem === undefined ? undefined : `${server} takes ${problem}`
  }

  #advance(server: string): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { zxid, txn } = next
      const last = this.#inForce === undefined ? [] : [this.#inForce]
      const required = (this.#required.get(zxid) ?? last).filter(
        ({ version }) => version >= (this.#inForce?.version ?? 0),
      )
      const problem = this.#problem(zxid, required)
      this.#required.delete(zxid)
      this.#inForce = reconfigurationIn(txn) ?? this.#inForce
      if (problem !== undefined) return `${server} takes ${problem}`
    }
    return undefined
  }

  /** What is wrong when the transaction is committed and these have to know of it. */
  #problem(zxid: Zxid, electorates: readonly Electorate[]): string | undefined {
    const has = (name: string): boolean => (this.#durable.get(name) ?? 0) >= zxid
    const lacking = electorates.find((electorate) => !isQuorum(electorate, has))
    if (lacking === undefined) return undefined
    const { voters, version, groups } = lacking
    const kind = groups === undefined ? '' : ' (in groups)'
    return `${formatZxid(zxid)} for committed, which is durable on ${voters.filter((name) => has(name)).join(', ') || 'none'} of ${voters.join(', ')}${kind}, the voters of membership ${formatZxid(version)}`
  }
}
