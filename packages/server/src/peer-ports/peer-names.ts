/**
 * Resolves the names of other servers: anew for every attempt, and never two questions for one name at a time.
 *
 * Node asks the system on one of a few threads, which syncs of the log need as well, and a question that nobody answers holds its
 * thread for many seconds. Without this, dials that are repeated while the name service is down would hold all of them.
 */
import { lookup as systemLookup, type LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'

type Answer = Parameters<LookupFunction>[2]

export class PeerNames {
  readonly #ask: LookupFunction
  readonly #waitingByQuestion = new Map<string, Answer[]>()

  constructor(ask: LookupFunction = systemLookup) {
    this.#ask = ask
  }

  /** As `dns.lookup`. */
  readonly lookup: LookupFunction = (name: string, options: LookupOptions, answer: Answer) => {
    const question = `${name} ${JSON.stringify(options)}`
    const waiting = this.#waitingByQuestion.get(question)
    if (waiting !== undefined) {
      waiting.push(answer)
      return
    }
    const askers = [answer]
    this.#waitingByQuestion.set(question, askers)
    this.#ask(name, options, (...found) => {
      this.#waitingByQuestion.delete(question)
      for (const each of askers) each(...found)
    })
  }
}
