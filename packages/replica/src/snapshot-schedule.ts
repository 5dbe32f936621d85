import type { ReplicaOptions } from './replica-options.ts'

/** Transactions that the log has after the newest snapshot when a replica starts, and their length. */
export interface Replayed {
  readonly replayedCount: number
  readonly replayedBytes: number
}

/**
 * When a snapshot is due: after a random number between half and all of snapCount transactions, or of the size limit in log
 * bytes, so that the servers of an ensemble do not all take theirs at once. What a start had to replay counts: else a
 * server that is often restarted would never take one, and every start would replay more.
 */
export class SnapshotSchedule {
  readonly #options: ReplicaOptions
  #txnCount = 0
  #logBytes = 0
  #txnCountMax = 0
  #logBytesMax = 0

  constructor(options: ReplicaOptions, replayed: Partial<Replayed>) {
    this.#options = options
    this.taken()
    this.#txnCount = replayed.replayedCount ?? 0
    this.#logBytes = replayed.replayedBytes ?? 0
  }

  /** Whether a snapshot is due now that one more transaction of this length has been applied. */
  isDueAfter(lengthBytes: number): boolean {
    this.#txnCount++
    this.#logBytes += lengthBytes
    return this.#txnCount > this.#txnCountMax || this.#logBytes > this.#logBytesMax
  }

  /** A snapshot has been started: count anew. */
  taken(): void {
    const { snapCount, snapSizeLimitBytes, random } = this.#options
    this.#txnCount = 0
    this.#logBytes = 0
    this.#txnCountMax = snapCount / 2 + Math.floor((random() * snapCount) / 2)
    this.#logBytesMax =
      snapSizeLimitBytes > 0
        ? snapSizeLimitBytes / 2 + (random() * snapSizeLimitBytes) / 2
        : Infinity
  }
}
