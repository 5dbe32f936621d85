/**
 * How far a leader's own log is behind what the others have on their disks, in time. What is committed and not durable here is on a
 * quorum of other disks, so the age of such a commit is the time by which this disk is slower than theirs; a disk that is as slow as
 * all others has none.
 */
import type { Zxid } from '@quorate/protocol'

export class DiskLag {
  /** Committed and not durable here, and since when that is known. */
  #watched: { readonly zxid: Zxid; readonly sinceMs: number } | undefined

  /** To be told whenever either may have grown. */
  observe(log: { readonly committed: Zxid; readonly durable: Zxid; readonly nowMs: number }): void {
    const { committed, durable, nowMs } = log
    if (this.#watched !== undefined && durable >= this.#watched.zxid) this.#watched = undefined
    if (committed > durable) this.#watched ??= { zxid: committed, sinceMs: nowMs }
  }

  /** Of the one sync that covers what is watched, roughly and from below; 0: nothing lacks. */
  lagMs(nowMs: number): number {
    return this.#watched === undefined ? 0 : nowMs - this.#watched.sinceMs
  }
}
