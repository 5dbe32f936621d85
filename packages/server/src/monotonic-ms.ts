/** Whole milliseconds: what ZooKeeper counts latencies and session times in. */
export function monotonicMs(): number {
  return Math.floor(performance.now())
}
