import type { Zxid } from '@quorate/protocol'

/** Every how many zxids Apache remembers the tree's digest, and how many of them it keeps. */
const interval = 128
const entriesMax = 1_024
/** A transaction ends with its digest: int version, long digest of the tree after it. */
const digestLength = 8

/** The tree's digest at every 128th zxid, for the word `hash`: replicas are compared by it. */
export class DigestHistory {
  readonly #entries: (readonly [Zxid, bigint])[] = []

  /** The transaction `bytes[start, end)` has a digest at its end. */
  record(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    if (zxid % interval !== 0 || end - start < digestLength) return
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#entries.push([zxid, view.getBigInt64(end - digestLength)])
    if (this.#entries.length > entriesMax) this.#entries.shift()
  }

  entries(): Iterable<readonly [Zxid, bigint]> {
    return this.#entries
  }
}
