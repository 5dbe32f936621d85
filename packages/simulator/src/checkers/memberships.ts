import type {
  Applied,
  MembershipChanged,
  Observation,
  TermStarted,
} from '../history/observation.ts'
import { type Electorate, electorateOf, reconfigurationIn } from '../history/electorate.ts'
import {
  CommittedCursor,
  formatZxid,
  isEpochStart,
  type TxnHistory,
} from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * Servers agree on who belongs to the ensemble.
 *
 * 1. A membership's version stands for one text on all servers; only the first one, version 0, may differ, as servers that
 *    wait to join have a line of their own.
 * 2. Versions grow on each server, except that a restart may go back to what was durable, and a lost disk to the beginning.
 * 3. A later membership than the first is that of a transaction, which is committed when it comes into force.
 * 4. Who leads is a voter: of the last membership, or of one that its own history has behind that.
 * 5. A leader delivers nothing behind the transaction that takes its vote.
 */
export class Memberships implements Checker {
  readonly name = 'memberships'
  readonly reads: Checker['reads'] = [
    'serverEnded',
    'termEnded',
    'termStarted',
    'applied',
    'membershipChanged',
  ]
  readonly #history: TxnHistory
  readonly #cursor: CommittedCursor
  readonly #texts = new Map<string, { readonly server: string; readonly text: string }>()
  readonly #versions = new Map<string, number>()
  readonly #firstTexts = new Map<string, string>()
  /** Leaders, and whether they have delivered the end of their vote. */
  readonly #leaders = new Map<string, 'voter' | 'removed'>()
  #inForce: Electorate | undefined

  constructor(history: TxnHistory) {
    this.#history = history
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'serverEnded':
        this.#versions.delete(observation.server)
        this.#leaders.delete(observation.server)
        return undefined
      case 'termEnded':
        this.#leaders.delete(observation.server)
        return undefined
      case 'termStarted':
        return observation.role === 'leading' ? this.#leaderStarted(observation) : undefined
      case 'applied':
        return this.#applied(observation)
      case 'membershipChanged':
        return this.#changed(observation)
      default:
        return undefined
    }
  }

  #changed({ server, text }: MembershipChanged): string | undefined {
    const version = /^version=([0-9a-f]+)$/m.exec(text)?.[1]
    if (version === undefined) return `${server} has a membership without a version: ${text}`
    const before = this.#versions.get(server) ?? 0
    const now = Number.parseInt(version, 16)
    this.#versions.set(server, now)
    if (now < before)
      return `${server} goes back from membership ${before.toString(16)} to ${version}`
    if (now === 0) this.#firstTexts.set(server, text)
    else if (!isEpochStart(now) && !this.#history.isCommitted(now))
      return `${server} has the membership ${formatZxid(now)} in force, which is not committed`
    const known = this.#texts.get(version)
    if (known === undefined) this.#texts.set(version, { server, text })
    return known === undefined || now === 0 || known.text === text
      ? undefined
      : `${server} has another membership ${version} than ${known.server}: ${text}`
  }

  #leaderStarted({ server, epoch }: TermStarted): string | undefined {
    const first = this.#firstTexts.get(server)
    this.#inForce ??= first === undefined ? undefined : electorateOf(first)
    if (this.#inForce === undefined) return undefined
    const choices = [this.#inForce, ...this.#advance()]
    this.#leaders.set(server, 'voter')
    return choices.some(({ voters }) => voters.includes(server))
      ? undefined
      : `${server} leads epoch ${epoch} and is no voter of membership ${formatZxid(choices.at(-1)!.version)}`
  }

  #applied({ server, zxid, txn }: Applied): string | undefined {
    this.#advance()
    const state = this.#leaders.get(server)
    if (state === undefined) return undefined
    if (state === 'removed')
      return `${server} delivers ${formatZxid(zxid)} as leader, behind the end of its vote`
    if (reconfigurationIn(txn)?.voters.includes(server) === false)
      this.#leaders.set(server, 'removed')
    return undefined
  }

  /** What has come into force since. */
  #advance(): readonly Electorate[] {
    const found: Electorate[] = []
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const electorate = reconfigurationIn(next.txn)
      if (electorate !== undefined) found.push(electorate)
    }
    this.#inForce = found.at(-1) ?? this.#inForce
    return found
  }
}
