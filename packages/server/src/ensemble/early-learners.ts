/**
 * Learners that come before this server leads. Servers don't decide at the same moment, and an Apache learner that finds nobody
 * waits a second, one that is turned away calls a new election. So they are kept waiting, unread, until this server has decided:
 * they are admitted if it leads, and turned away if it follows.
 */
import type { PeerLink, PeerLinkListener } from '@quorate/consensus'

/** As long as an Apache learner tries to connect: five times with a second in between. */
const waitMs = 5_000
/** More of them than an ensemble has servers are somebody else's. */
const waitingMax = 256

export class EarlyLearners {
  readonly #waiting = new Set<EarlyLearner>()

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** @returns who hears of the connection from now on */
  keep(link: PeerLink): PeerLinkListener {
    const learner = new EarlyLearner(link, () => this.#waiting.delete(learner))
    if (this.#waiting.size < waitingMax) this.#waiting.add(learner)
    else link.close()
    return learner
  }

  /** This server does not lead. */
  dismiss(): void {
    for (const learner of this.#waiting) learner.dismiss()
    this.#waiting.clear()
  }

  /** This server leads. */
  admit(connected: (link: PeerLink) => PeerLinkListener): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const learner of waiting) learner.admit(connected)
  }
}

class EarlyLearner implements PeerLinkListener {
  readonly #link: PeerLink
  readonly #gone: () => void
  readonly #deadline: NodeJS.Timeout
  readonly #early: Uint8Array[] = []
  #listener: PeerLinkListener | undefined

  constructor(link: PeerLink, gone: () => void) {
    this.#link = link
    this.#gone = gone
    this.#deadline = setTimeout(() => link.close(), waitMs)
  }

  admit(connected: (link: PeerLink) => PeerLinkListener): void {
    clearTimeout(this.#deadline)
    const listener = connected(this.#link)
    this.#listener = listener
    this.#link.resume()
    for (const bytes of this.#early.splice(0)) listener.received(bytes, 0, bytes.length)
  }

  dismiss(): void {
    this.#link.close()
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.#listener !== undefined) return this.#listener.received(bytes, start, end)
    this.#early.push(bytes.slice(start, end))
    this.#link.pause()
  }

  drained(): void {
    this.#listener?.drained()
  }

  closed(reason: string): void {
    clearTimeout(this.#deadline)
    this.#gone()
    this.#listener?.closed(reason)
  }
}
