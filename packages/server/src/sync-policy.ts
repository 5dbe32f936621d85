/**
 * Decides whether the next sync of the log holds the event loop (see {@link SyncMode}). With few connections there is
 * nothing else to do meanwhile, and the shorter way counts; with many there are always reads to serve. A disk that has
 * just been slow is never waited for: sessions must be heard.
 */
import type { SyncMode } from './node-disk.ts'

const connectionsWithoutOtherWork = 4
const slowSyncMs = 5

export class SyncPolicy {
  #lastSyncMs = 0
  readonly #connectionCount: () => number

  constructor(connectionCount: () => number) {
    this.#connectionCount = connectionCount
  }

  recordSync(durationMs: number): void {
    this.#lastSyncMs = durationMs
  }

  choose(): SyncMode {
    if (this.#lastSyncMs > slowSyncMs) return 'threaded'
    return this.#connectionCount() <= connectionsWithoutOtherWork ? 'blocking' : 'threaded'
  }
}
