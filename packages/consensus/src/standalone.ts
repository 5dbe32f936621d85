/**
 * The engine of a server without peers: its own disk is the quorum, and it leads for ever.
 *
 * 1. A proposal is delivered after the sync that covers it, never before.
 * 2. One sync is under way at a time; what is appended during it shares the next (group commit).
 */
import { epochOf, ErrorCode, type Zxid } from '@quorate/protocol'
import type { ConsensusEffects, ConsensusEngine, Proposal } from './engine.ts'

export class StandaloneEngine implements ConsensusEngine {
  readonly role = 'leading'
  readonly #effects: ConsensusEffects
  readonly #undelivered: Proposal[] = []
  /** Who waits for a confirmation, with the zxid that must have been delivered. */
  #confirmations: { readonly after: Zxid; readonly confirmed: () => void }[] = []
  #lastZxid: Zxid
  #isSyncing = false

  /** @param lastZxid the last zxid recovered from disk */
  constructor(lastZxid: Zxid, effects: ConsensusEffects) {
    this.#lastZxid = lastZxid
    this.#effects = effects
  }

  get epoch(): number {
    return epochOf(this.#lastZxid)
  }

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  /** As in Apache's standalone server the counter carries into the epoch: there is nobody to elect an epoch with. */
  nextZxid(): Zxid {
    return this.#lastZxid + 1
  }

  submit(proposal: Proposal): void {
    if (proposal.zxid !== this.nextZxid()) {
      throw new Error(
        `a proposal carries the zxid ${proposal.zxid}; the next one is ${this.nextZxid()}`,
      )
    }
    this.#lastZxid = proposal.zxid
    this.#undelivered.push(proposal)
    this.#effects.append(proposal)
  }

  turnEnded(): void {
    if (this.#isSyncing || this.#undelivered.length === 0) return
    this.#isSyncing = true
    this.#effects.sync(this.#lastZxid)
  }

  synced(upTo: Zxid): void {
    this.#isSyncing = false
    let count = 0
    while (count < this.#undelivered.length && this.#undelivered[count]!.zxid <= upTo) {
      const proposal = this.#undelivered[count++]!
      this.#effects.deliver(proposal)
      // Before what comes behind: who waits sees the state that it has waited for.
      this.#confirm(proposal.zxid)
    }
    this.#undelivered.splice(0, count)
  }

  confirmLeadership(confirmed: () => void): void {
    if (this.#undelivered.length === 0) confirmed()
    else this.#confirmations.push({ after: this.#lastZxid, confirmed })
  }

  /** There are no learners to answer. */
  answerSync(): void {}

  answerRevalidation(): void {}

  planReconfiguration(): number {
    return ErrorCode.Unimplemented
  }

  #confirm(delivered: Zxid): void {
    if (this.#confirmations.length === 0) return
    const due = this.#confirmations.filter(({ after }) => after <= delivered)
    this.#confirmations = this.#confirmations.filter(({ after }) => after > delivered)
    for (const { confirmed } of due) confirmed()
  }
}
