import type { Zxid } from '@quorate/protocol'
import type { HistoryObserver } from '@quorate/replica'

/** Every how many zxids Apache remembers the tree's digest, and how many of them it keeps. */
const interval = 128
const entriesMax = 1_024
/** A transaction ends with its digest: int version, long digest of the tree after it. */
const digestLength = 8

/** The tree's digest at every 128th zxid, for the word `hash`: replicas are compared by it. */
export class DigestHistory implements HistoryObserver {
  readonly #entries: (readonly [Zxid, bigint])[] = []

  /** A transaction with a digest at its end. */
  record(zxid: Zxid, txn: Uint8Array): void {
    if (zxid % interval !== 0) return
    const view = new DataView(txn.buffer, txn.byteOffset, txn.byteLength)
    this.#entries.push([zxid, view.getBigInt64(txn.length - digestLength)])
    if (this.#entries.length > entriesMax) this.#entries.shift()
  }

  // What a member of an ensemble tells of its history.

  appended(): void {}

  applied(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    if (zxid % interval === 0) this.record(zxid, bytes.subarray(start, end))
  }

  synced(): void {}

  loaded(): void {}

  entries(): Iterable<readonly [Zxid, bigint]> {
    return this.#entries
  }
}
