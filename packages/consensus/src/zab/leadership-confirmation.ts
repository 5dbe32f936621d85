/**
 * Proof that this server still leads, for reads that must not be stale (a read index). A learner that answers a ping follows this
 * leader at that moment; if a quorum answers pings that were sent after the question, no other leader can have been
 * established before it. Apache's followers answer pings too, so this works with them.
 *
 * One round of pings is under way at a time; who asks meanwhile shares the next.
 */
import type { Zxid } from '@quorate/protocol'
import type { LearnerHandler } from './learner-handler.ts'

export interface ConfirmationParts {
  readonly serverId: number
  readonly handlers: ReadonlySet<LearnerHandler>
  readonly lastProposed: () => Zxid
  readonly lastDelivered: () => Zxid
  readonly isQuorum: (isIn: (serverId: number) => boolean) => boolean
  /** Call {@link LeadershipConfirmation.turnEnded} soon: somebody waits for the next round. */
  readonly roundDue: () => void
}

interface Question {
  /** Everything up to here must have been delivered. */
  readonly after: Zxid
  readonly confirmed: () => void
}

export class LeadershipConfirmation {
  readonly #parts: ConfirmationParts
  /** Wait for the next round. */
  #asked: Question[] = []
  /** Wait for the answers to the pings of this round, by learner the number of the ping. */
  #round:
    | { readonly questions: readonly Question[]; readonly pings: ReadonlyMap<number, Ping> }
    | undefined
  /** Wait for deliveries only. */
  #confirmed: Question[] = []

  constructor(parts: ConfirmationParts) {
    this.#parts = parts
  }

  ask(confirmed: () => void): void {
    this.#asked.push({ after: this.#parts.lastProposed(), confirmed })
  }

  /** Sends the pings of the next round, when one is due. */
  turnEnded(): void {
    if (this.#asked.length === 0 || this.#round !== undefined) return
    const pings = new Map<number, Ping>()
    for (const handler of this.#parts.handlers) {
      if (handler.phase !== 'serving' || handler.isObserver) continue
      handler.ping(this.#parts.lastProposed())
      pings.set(handler.serverId, { handler, number: handler.pingsSent })
    }
    this.#round = { questions: this.#asked, pings }
    this.#asked = []
    this.progressed()
  }

  /** A ping was answered, or something was delivered. */
  progressed(): void {
    this.#closeRound()
    if (this.#confirmed.length === 0) return
    const delivered = this.#parts.lastDelivered()
    const due = this.#confirmed.filter(({ after }) => after <= delivered)
    this.#confirmed = this.#confirmed.filter(({ after }) => after > delivered)
    for (const { confirmed } of due) confirmed()
  }

  #closeRound(): void {
    const round = this.#round
    if (round === undefined) return
    const isConfirmed = this.#parts.isQuorum((serverId) => {
      if (serverId === this.#parts.serverId) return true
      const ping = round.pings.get(serverId)
      return ping !== undefined && !ping.handler.isGone && ping.handler.pingsAnswered >= ping.number
    })
    if (!isConfirmed) {
      // Pings that are never answered, as their learners are gone, would keep everybody waiting for ever.
      if ([...round.pings.values()].every(isDecided)) {
        this.#round = undefined
        this.#asked.unshift(...round.questions)
      }
      return
    }
    this.#round = undefined
    this.#confirmed.push(...round.questions)
    if (this.#asked.length > 0) this.#parts.roundDue()
  }
}

interface Ping {
  readonly handler: LearnerHandler
  readonly number: number
}

function isDecided({ handler, number }: Ping): boolean {
  return handler.isGone || handler.pingsAnswered >= number
}
