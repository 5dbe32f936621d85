import type { Txn, Zxid } from '@quorate/protocol'
import type {
  Applied,
  HistoryCut,
  Loaded,
  Observation,
  Proposed,
  Recovered,
  Synchronised,
  SyncPlanned,
  TermStarted,
} from '../history/observation.ts'
import {
  epochOf,
  formatZxid,
  type HistoryEntry,
  isSuccessor,
  lastCommittedIn,
  type TxnHistory,
} from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/** A leader that a learner comes to again may carry out plans for its earlier connections behind that for the last. */
const plansMax = 4

/** What is known of one server; undefined entries: nothing yet in this life of its process. */
interface ServerLog {
  logged: HistoryEntry | undefined
  applied: HistoryEntry | undefined
  durableZxid: Zxid
  term: TermStarted | undefined
  /** Who has told it last how it is brought into step. */
  leader: string | undefined
  /** What its log held when it was told to cut it; until it tells what it has loaded. */
  cutFrom: HistoryEntry | undefined
  /** What the leaders that planned its synchronisations had committed then, by leader. */
  plans: Map<string, readonly HistoryEntry[]>
  /** Whether it has told anything that only members of ensembles tell. */
  isMember: boolean
}

/**
 * All servers deliver one history; this checker finds it out for the others.
 *
 * 1. What servers log or apply at a zxid is the same everywhere, byte for byte, and stands behind the same transaction. (A
 *    server that is alone may log something else after a crash at a zxid that it never delivered.)
 * 2. Zxids follow one another without a gap, or begin at 1 in a later epoch; a leader proposes in its own epoch.
 * 3. Each server applies one transaction after another, in a term only what is committed.
 * 4. A leader starts with every transaction that was committed in an earlier epoch, and what it starts with is committed. A
 *    learner starts with what is committed, and with all that its leader started with. A server that is alone has it all.
 * 5. Nothing committed is lost when a state is loaded, and nothing appears that nobody logged.
 * 6. A log is cut exactly where it leaves what the leader had committed when it planned that, and a state that replaces
 *    another has all of it. What else the leader commits
 *    meanwhile it commits without this server, and sends it again; commit-quorum has an eye on that. A server that crashes while it
 *    cuts its log comes back with it cut or not.
 */
export class TotalOrder implements Checker {
  readonly name = 'total-order'
  readonly #history: TxnHistory
  readonly #servers = new Map<string, ServerLog>()
  readonly #startByEpoch = new Map<number, HistoryEntry>()

  constructor(history: TxnHistory) {
    this.#history = history
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'proposed':
        return told(observation.server, this.#proposed(observation))
      case 'synced':
        this.#server(observation.server).durableZxid = observation.zxid
        return undefined
      case 'applied':
        return told(observation.server, this.#applied(observation))
      case 'recovered':
        return told(observation.server, this.#recovered(observation))
      case 'loaded':
        return told(observation.server, this.#loaded(observation))
      case 'historyCut':
        return told(observation.server, this.#historyCut(observation))
      case 'syncPlanned':
        this.#planned(observation)
        return undefined
      case 'synchronised':
        this.#synchronised(observation)
        return undefined
      case 'termStarted':
        return told(observation.server, this.#termStarted(observation))
      case 'termEnded':
        this.#server(observation.server).term = undefined
        return undefined
      case 'serverEnded': {
        const server = this.#server(observation.server)
        server.logged = undefined
        server.applied = undefined
        server.term = undefined
        if (observation.losesDisk) server.durableZxid = 0
        return undefined
      }
      default:
        return undefined
    }
  }

  #proposed({ server: name, zxid, txn, bytes }: Proposed): string | undefined {
    const server = this.#server(name)
    const { term } = server
    if (term?.role === 'leading' && epochOf(zxid) !== term.epoch)
      return `proposes ${formatZxid(zxid)} while it leads epoch ${term.epoch}`
    const parent = server.logged ?? server.applied ?? this.#history.lastCommitted
    const entry = this.#entry(parent, server, { txn, bytes })
    if (typeof entry === 'string') return entry
    if (entry.parent !== parent)
      return `logs ${formatZxid(zxid)} behind ${formatZxid(parent.zxid)}; before it comes ${formatZxid(entry.parent?.zxid ?? 0)}`
    server.logged = entry
    return undefined
  }

  #applied({ server: name, zxid, txn, bytes, isReplay }: Applied): string | undefined {
    const server = this.#server(name)
    const before = server.applied
    const isDelivered = server.isMember ? server.term !== undefined : !isReplay
    const parent = before ?? (isDelivered ? this.#history.lastCommitted : undefined)
    const entry = this.#entry(parent, server, { txn, bytes })
    if (typeof entry === 'string') return entry
    // A load begins anew, behind a snapshot that is older than what was applied before.
    if (isReplay && before !== undefined && zxid <= before.zxid) return undefined
    if (parent !== undefined && entry.parent !== parent)
      return `applies ${formatZxid(zxid)} after ${formatZxid(parent.zxid)}; before it comes ${formatZxid(entry.parent?.zxid ?? 0)}`
    server.applied = entry
    return isDelivered ? this.#history.commit(entry) : undefined
  }

  /** A server that is alone is its own leader. */
  #recovered({ server: name, view }: Recovered): string | undefined {
    const server = this.#server(name)
    const entry = this.#history.entryOf(view.lastZxid)
    if (entry === undefined)
      return `came back with ${formatZxid(view.lastZxid)}, which nobody logged`
    server.logged = entry
    server.applied = entry
    const last = this.#history.lastCommitted
    const problem = this.#history.commit(entry)
    if (problem !== undefined) return `came back wrong: ${problem}`
    if (entry.position >= last.position) return undefined
    return `came back with ${formatZxid(entry.zxid)} and lacks the committed ${formatZxid(last.zxid)}`
  }

  #synchronised({ server: name, leader, kind }: Synchronised): void {
    const server = this.#server(name)
    server.leader = leader
    server.cutFrom = kind === 'TRUNC' ? server.logged : undefined
  }

  #loaded({ server: name, cause, view }: Loaded): string | undefined {
    const server = this.#server(name)
    server.isMember = true
    const entry = this.#history.entryOf(view.lastZxid)
    if (entry === undefined) return `loads ${formatZxid(view.lastZxid)}, which nobody logged`
    server.logged = entry
    server.applied = entry
    const { durableZxid, cutFrom } = server
    server.cutFrom = undefined
    if (durableZxid <= entry.zxid || cause === 'held') return undefined
    server.durableZxid = entry.zxid
    if (cutFrom !== undefined) return this.#cutProblem(server, entry, cutFrom)
    // A state that a leader sent may leave a branch that was never committed, or what was not yet when it was planned.
    const isNoOlder = cause === 'replaced' && this.#hasAllOfAPlan(server, entry)
    return this.#history.isCommitted(durableZxid) && !isNoOlder
      ? `loads ${formatZxid(entry.zxid)} and had made the committed ${formatZxid(durableZxid)} durable`
      : undefined
  }

  #historyCut({ server: name, zxid }: HistoryCut): string | undefined {
    const server = this.#server(name)
    server.isMember = true
    const entry = this.#history.entryOf(zxid)
    if (entry === undefined) return `cuts its log at ${formatZxid(zxid)}, which nobody logged`
    const before = server.logged
    server.logged = entry
    server.durableZxid = Math.min(server.durableZxid, zxid)
    return before === undefined ? undefined : this.#cutProblem(server, entry, before)
  }

  #cutProblem(server: ServerLog, entry: HistoryEntry, before: HistoryEntry): string | undefined {
    const { zxid } = entry
    if (!this.#history.isPrefix(entry, before))
      return `cuts its log at ${formatZxid(zxid)}, which is not in it`
    const plans = server.plans.get(server.leader ?? '') ?? [lastCommittedIn(before)]
    const common = plans.map((plan) => this.#history.lastCommon(plan, before))
    return common.includes(entry)
      ? undefined
      : `cuts its log at ${formatZxid(zxid)}, and has the history of its leader up to ${formatZxid(common.at(-1)!.zxid)}`
  }

  /** Whether it has all that its leader had committed when it planned a synchronisation. */
  #hasAllOfAPlan(server: ServerLog, entry: HistoryEntry): boolean {
    const plans = server.plans.get(server.leader ?? '') ?? []
    return plans.some((plan) => this.#history.isPrefix(plan, entry))
  }

  #planned({ server, learner, committedZxid }: SyncPlanned): void {
    const entry = this.#history.entryOf(committedZxid)
    if (entry === undefined) return
    const { plans } = this.#server(learner)
    plans.set(server, [...(plans.get(server) ?? []), entry].slice(-plansMax))
  }

  #termStarted(term: TermStarted): string | undefined {
    const server = this.#server(term.server)
    const entry = this.#history.entryOf(term.lastZxid)
    server.isMember = true
    if (entry === undefined || (server.applied !== undefined && server.applied !== entry))
      return `is ${term.role} from ${formatZxid(term.lastZxid)}, but has applied ${formatZxid(server.applied?.zxid ?? 0)}`
    server.term = term
    server.applied = entry
    server.logged ??= entry
    return term.role === 'leading'
      ? this.#leaderStarted(term, entry)
      : this.#learnerStarted(term, entry)
  }

  #leaderStarted({ epoch }: TermStarted, entry: HistoryEntry): string | undefined {
    // The leader of an earlier epoch may learn late that it was one.
    let required = this.#history.lastCommitted
    while (epochOf(required.zxid) >= epoch && required.parent !== undefined)
      required = required.parent
    const problem = this.#history.commit(entry)
    if (problem !== undefined) return `starts to lead epoch ${epoch}: ${problem}`
    this.#startByEpoch.set(epoch, entry)
    if (epochOf(entry.zxid) >= epoch)
      return `starts to lead epoch ${epoch} with ${formatZxid(entry.zxid)} in its history`
    return entry.position >= required.position
      ? undefined
      : `starts to lead epoch ${epoch} from ${formatZxid(entry.zxid)} and lacks the committed ${formatZxid(required.zxid)}`
  }

  #learnerStarted({ epoch, role }: TermStarted, entry: HistoryEntry): string | undefined {
    const start = this.#startByEpoch.get(epoch)
    if (start === undefined) return `is ${role} in epoch ${epoch}, which nobody leads`
    if (entry.position < 0)
      return `is ${role} in epoch ${epoch} from ${formatZxid(entry.zxid)}, which is not committed`
    return entry.position >= start.position
      ? undefined
      : `is ${role} in epoch ${epoch} from ${formatZxid(entry.zxid)}; its leader began with ${formatZxid(start.zxid)}`
  }

  /** The entry of this zxid, new or known; a sentence if it cannot be this one. */
  #entry(
    parent: HistoryEntry | undefined,
    { isMember }: ServerLog,
    { txn, bytes }: { readonly txn: Txn; readonly bytes: Uint8Array | undefined },
  ): HistoryEntry | string {
    const { zxid } = txn.header
    const known = this.#history.entryOf(zxid)
    if (known !== undefined) {
      if (isSame(known, txn, bytes)) {
        known.bytes ??= bytes
        return known
      }
      if (isMember || known.position >= 0)
        return `has another transaction ${formatZxid(zxid)} than was there before`
    }
    const before = parent ?? this.#history.entryOf(zxid - 1)
    if (before === undefined) return `has ${formatZxid(zxid)} and nobody had the one before`
    if (!isSuccessor(zxid, before.zxid))
      return `has ${formatZxid(zxid)} behind ${formatZxid(before.zxid)}`
    return this.#history.add(before, txn, bytes)
  }

  #server(name: string): ServerLog {
    const known = this.#servers.get(name)
    if (known !== undefined) return known
    const server: ServerLog = {
      logged: undefined,
      applied: undefined,
      durableZxid: 0,
      term: undefined,
      leader: undefined,
      cutFrom: undefined,
      plans: new Map(),
      isMember: false,
    }
    this.#servers.set(name, server)
    return server
  }
}

function told(server: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${server} ${problem}`
}

function isSame(known: HistoryEntry, txn: Txn, bytes: Uint8Array | undefined): boolean {
  if (known.bytes !== undefined && bytes !== undefined)
    return known.bytes === bytes || isEqual(known.bytes, bytes)
  const { clientId, cxid, type, time } = txn.header
  const header = known.txn?.header
  return (
    header?.clientId === clientId &&
    header.cxid === cxid &&
    header.type === type &&
    header.time === time
  )
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
