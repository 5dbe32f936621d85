/**
 * The syncs of the log: one at a time, and what is appended meanwhile shares the next (group commit). It outlives roles, so that a
 * new role never begins while a sync of the last one is under way (ZOOKEEPER-4541, 4712).
 */
import type { Zxid } from '@quorate/protocol'
import type { ZabHistory } from './zab-ports.ts'

export class LogSync {
  /** Told of every sync, with the zxid up to which the log is durable. */
  onDurable: ((upTo: Zxid) => void) | undefined
  readonly #history: ZabHistory
  #durable: Zxid
  #isSyncing = false
  #waiting: { readonly upTo: Zxid; readonly done: () => void }[] = []

  constructor(history: ZabHistory) {
    this.#history = history
    this.#durable = history.lastZxid
  }

  get durable(): Zxid {
    return this.#durable
  }

  /** The history was loaded anew: what was recovered is durable. */
  reset(): void {
    this.#durable = this.#history.lastZxid
  }

  /** Starts a sync when there is something to sync and none is under way. */
  request(): void {
    const upTo = this.#history.lastZxid
    if (this.#isSyncing || upTo <= this.#durable) return
    this.#isSyncing = true
    this.#history.sync(() => this.#synced(upTo))
  }

  /** Calls `done` when all that was appended before is durable, and no sync is under way. */
  flush(done: () => void): void {
    const upTo = this.#history.lastZxid
    if (!this.#isSyncing && upTo <= this.#durable) return done()
    this.#waiting.push({ upTo, done })
    this.request()
  }

  #synced(upTo: Zxid): void {
    this.#isSyncing = false
    this.#durable = upTo
    this.onDurable?.(upTo)
    this.request()
    if (this.#waiting.length === 0) return
    const due = this.#waiting.filter((it) => it.upTo <= this.#durable && !this.#isSyncing)
    this.#waiting = this.#waiting.filter((it) => !due.includes(it))
    for (const { done } of due) done()
  }
}
