/**
 * The order in which Java's HashMap<Long, …> goes through its keys. Apache prints memberships in it, so the text that both make of
 * one membership is the same to the byte. For ids below 16 it is the growing order.
 */

/** @returns the ids as a map of default capacity that they are put into one by one, growing, holds them */
export function inHashMapOrder(ids: Iterable<number>): number[] {
  const growing = [...ids].toSorted((a, b) => a - b)
  let buckets = 16
  while (growing.length > 0.75 * buckets) buckets *= 2
  const bucketOf = (id: number): number => spreadHash(id) & (buckets - 1)
  // The sort is stable: within a bucket the order of insertion stays.
  return growing.toSorted((a, b) => bucketOf(a) - bucketOf(b))
}

function spreadHash(id: number): number {
  const high = Math.floor(id / 0x1_0000_0000)
  const hash = high ^ (id - high * 0x1_0000_0000)
  return hash ^ (hash >>> 16)
}
