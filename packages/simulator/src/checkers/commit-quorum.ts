import type { Zxid } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * What is committed is on the disks of a majority of the voters.
 *
 * 1. When the first server delivers a transaction, or starts to lead with it, a majority of the voters in force there have it
 *    durable.
 * 2. They keep it: a server may cut off what is committed only as long as a majority has it without that server. A disk that is
 *    lost is the operator's affair, and counts as if it were there until the server is back.
 *
 * Memberships with groups or weights are passed over.
 */
export class CommitQuorum implements Checker {
  readonly name = 'commit-quorum'
  readonly #history: TxnHistory
  readonly #cursor: CommittedCursor
  readonly #durable = new Map<string, Zxid>()
  readonly #votersByServer = new Map<string, readonly string[]>()
  readonly #lostDisks = new Set<string>()

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
        return this.#endsAt(observation.server, observation.view.lastZxid)
      case 'historyCut':
        return this.#endsAt(observation.server, observation.zxid)
      case 'serverEnded':
        if (observation.losesDisk) this.#lostDisks.add(observation.server)
        return undefined
      case 'membershipChanged': {
        const problem = this.#advance(observation.server)
        this.#votersByServer.set(observation.server, votersOf(observation.text))
        return problem
      }
      case 'applied':
      case 'termStarted':
        return this.#advance(observation.server)
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
    const last = this.#history.committed.findLast((txn) => txn.zxid <= before)?.zxid ?? 0
    const problem = isLost || last <= zxid ? undefined : this.#problem(server, last)
    return problem === undefined
      ? undefined
      : `${server} cuts its log at ${formatZxid(zxid)} and had taken ${problem}`
  }

  #advance(server: string): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#problem(server, next.zxid)
      if (problem !== undefined) return `${server} takes ${problem}`
    }
    return undefined
  }

  /** What is wrong when the transaction is committed, in the membership that `server` has. */
  #problem(server: string, zxid: Zxid): string | undefined {
    const voters = this.#votersByServer.get(server) ?? []
    const holders = voters.filter((voter) => (this.#durable.get(voter) ?? 0) >= zxid)
    return voters.length === 0 || holders.length > voters.length / 2
      ? undefined
      : `${formatZxid(zxid)} for committed, which is durable on ${holders.join(', ') || 'none'} of ${voters.join(', ')}`
  }
}

/** The names of the voters in a membership's text: `server.3=…:participant` is `server3`. Empty when votes have weights. */
function votersOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.some((line) => /^(group|weight)\./.test(line))) return []
  return lines.flatMap((line) => {
    const id = /^server\.(\d+)=/.exec(line)?.[1]
    return id === undefined || line.includes(':observer') ? [] : [`server${id}`]
  })
}
