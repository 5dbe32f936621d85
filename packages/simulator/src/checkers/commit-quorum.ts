import type { Zxid } from '@quorate/protocol'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import type { Checker } from './checker.ts'

/**
 * Nothing is committed before it is on the disks of a majority of the voters.
 *
 * 1. When the first server delivers a transaction, or starts to lead with it, a majority of the voters in force there have it
 *    durable, or had it before they lost their disks.
 *
 * Memberships with groups or weights are passed over.
 */
export class CommitQuorum implements Checker {
  readonly name = 'commit-quorum'
  readonly #cursor: CommittedCursor
  readonly #durable = new Map<string, Zxid>()
  readonly #votersByServer = new Map<string, readonly string[]>()

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'synced':
        this.#madeDurable(observation.server, observation.zxid)
        return undefined
      case 'loaded':
        this.#madeDurable(observation.server, observation.view.lastZxid)
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

  #advance(server: string): string | undefined {
    const voters = this.#votersByServer.get(server) ?? []
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const { zxid } = next
      const holders = voters.filter((voter) => (this.#durable.get(voter) ?? 0) >= zxid)
      if (voters.length > 0 && holders.length <= voters.length / 2)
        return `${server} takes ${formatZxid(zxid)} for committed, which is durable on ${holders.join(', ') || 'none'} of ${voters.join(', ')}`
    }
    return undefined
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
