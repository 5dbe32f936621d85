/** The newest vote of every server, of one kind. */
import { agree, type CastVote } from './vote.ts'

export class VoteSet {
  readonly #voteById = new Map<number, CastVote>()

  /** Only voters may be added: their number is the bound of the set. */
  set(serverId: number, vote: CastVote): void {
    this.#voteById.set(serverId, vote)
  }

  /** @returns whether there was a vote of this server */
  delete(serverId: number): boolean {
    return this.#voteById.delete(serverId)
  }

  clear(): void {
    this.#voteById.clear()
  }

  /** The servers whose votes count together with `vote`. */
  supportersOf(vote: CastVote): Set<number> {
    const supporters = new Set<number>()
    for (const [serverId, cast] of this.#voteById) {
      if (agree(vote, cast)) supporters.add(serverId)
    }
    return supporters
  }

  /** Whether the server itself has said, as a vote of this set, that it leads (ZOOKEEPER-3537). */
  isLeading(serverId: number): boolean {
    return this.#voteById.get(serverId)?.state === 'leading'
  }
}
