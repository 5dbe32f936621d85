/**
 * The zxids of a history. Within an epoch they follow each other, so a history of any length is a few ranges.
 *
 * 1. Ranges grow and have gaps between them.
 */
import type { Zxid } from '@quorate/protocol'

interface ZxidRange {
  readonly first: Zxid
  last: Zxid
}

export class ZxidRanges {
  readonly #ranges: ZxidRange[] = []

  /** Adds a zxid, or all up to it from `first` on; none may be before what was added last. */
  add(last: Zxid, first: Zxid = last): void {
    const before = this.#ranges.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last)
    else this.#ranges.push({ first, last })
  }

  /** The largest one that is not above `zxid`. */
  lastUpTo(zxid: Zxid): Zxid | undefined {
    const range = this.#ranges.findLast(({ first }) => first <= zxid)
    return range === undefined ? undefined : Math.min(range.last, zxid)
  }
}

/** The largest zxid that is in every history; undefined when there is none. */
export function lastCommonZxid(histories: readonly ZxidRanges[]): Zxid | undefined {
  let common: Zxid | undefined = Number.MAX_SAFE_INTEGER
  for (let settled = 0; settled < histories.length && common !== undefined;) {
    settled = 0
    for (const history of histories) {
      if (common === undefined) break
      const found: Zxid | undefined = history.lastUpTo(common)
      if (found === common) settled++
      common = found
    }
  }
  return common
}
