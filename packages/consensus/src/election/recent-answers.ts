/**
 * Keeps two servers from answering each other's answers for ever. That happens when they disagree about who votes: each of them, while
 * it looks for a leader, answers what it takes for a question.
 *
 * 1. The same answer to the same notification is given once within {@link RecentAnswers}' window. Nobody waits for a second one: a
 *    notification is repeated after a longer time, and one that a broken connection took along is sent again on the next.
 */
import type { Notification } from '@quorate/protocol'
import type { Vote } from './vote.ts'

/** More servers than an ensemble has; the oldest answer goes when there are more. */
const answersMax = 256

interface Answer {
  readonly heard: Notification
  readonly vote: Vote
  readonly atMs: number
}

export class RecentAnswers {
  readonly #windowMs: number
  readonly #answerById = new Map<number, Answer>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Whether to answer `heard` by `vote`; if so, that is remembered. */
  isDue(to: number, answer: Answer): boolean {
    const last = this.#answerById.get(to)
    if (
      last !== undefined &&
      answer.atMs - last.atMs < this.#windowMs &&
      isSameVote(last.vote, answer.vote) &&
      isSameNotification(last.heard, answer.heard)
    ) {
      return false
    }
    this.#answerById.delete(to)
    this.#answerById.set(to, answer)
    if (this.#answerById.size > answersMax) {
      for (const oldest of this.#answerById.keys()) {
        this.#answerById.delete(oldest)
        break
      }
    }
    return true
  }

  clear(): void {
    this.#answerById.clear()
  }
}

function isSameVote(one: Vote, other: Vote): boolean {
  return (
    one.leader === other.leader &&
    one.zxid === other.zxid &&
    one.round === other.round &&
    one.peerEpoch === other.peerEpoch
  )
}

function isSameNotification(one: Notification, other: Notification): boolean {
  return (
    one.state === other.state &&
    one.leader === other.leader &&
    one.zxid === other.zxid &&
    one.electionEpoch === other.electionEpoch &&
    one.peerEpoch === other.peerEpoch
  )
}
