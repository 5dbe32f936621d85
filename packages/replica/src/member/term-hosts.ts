/**
 * The way of a term's events into the authority: each has the time of its own moment, whatever call of the driver's it comes from,
 * and what was applied is told to the driver.
 */
import type {
  ForwardedRequest,
  Learner,
  LeaderHost,
  LearnerHost,
  Proposal,
} from '@quorate/consensus'
import type { SessionId } from '@quorate/protocol'

export interface TermEntry {
  /** Before each event. */
  entered(): void
  /** The transaction has been applied. */
  applied(proposal: Proposal): void
}

export class LeaderEntrance implements LeaderHost {
  readonly #host: LeaderHost
  readonly #entry: TermEntry

  constructor(host: LeaderHost, entry: TermEntry) {
    this.#host = host
    this.#entry = entry
  }

  deliver(proposal: Proposal): void {
    this.#entry.entered()
    this.#host.deliver(proposal)
    this.#entry.applied(proposal)
  }

  requestForwarded(learner: Learner, request: ForwardedRequest): void {
    this.#entry.entered()
    this.#host.requestForwarded(learner, request)
  }

  syncAsked(learner: Learner, request: ForwardedRequest): void {
    this.#entry.entered()
    this.#host.syncAsked(learner, request)
  }

  revalidationAsked(learner: Learner, session: SessionId, timeoutMs: number): void {
    this.#entry.entered()
    this.#host.revalidationAsked(learner, session, timeoutMs)
  }

  sessionTouched(learner: Learner, session: SessionId, timeoutMs: number): void {
    this.#entry.entered()
    this.#host.sessionTouched(learner, session, timeoutMs)
  }

  learnerLeft(learner: Learner): void {
    this.#entry.entered()
    this.#host.learnerLeft(learner)
  }
}

export class LearnerEntrance implements LearnerHost {
  readonly #host: LearnerHost
  readonly #entry: TermEntry

  constructor(host: LearnerHost, entry: TermEntry) {
    this.#host = host
    this.#entry = entry
  }

  deliver(proposal: Proposal): void {
    this.#entry.entered()
    this.#host.deliver(proposal)
    this.#entry.applied(proposal)
  }

  syncAnswered(): void {
    this.#entry.entered()
    this.#host.syncAnswered()
  }

  revalidated(session: SessionId, isValid: boolean): void {
    this.#entry.entered()
    this.#host.revalidated(session, isValid)
  }

  takeTouches(touch: (session: SessionId, timeoutMs: number) => void): void {
    this.#entry.entered()
    this.#host.takeTouches(touch)
  }
}
