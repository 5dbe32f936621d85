/**
 * How suspicious a silence is, judged by how often something was heard before: the φ of the accrual failure detector
 * (Hayashibara et al., 2004), with intervals taken as exponentially distributed, as Cassandra does.
 *
 * φ of 1 means: of ten silences as long as this one, one is followed by another sign of life. Of 2: one of a hundred.
 */

/** So many intervals are remembered, */
const intervalsMax = 100
/** and fewer say too little: two signs that were late come together, as if there were hardly any time between them. */
const intervalsMin = 3

export class Arrivals {
  readonly #intervals: number[] = []
  #sumMs = 0
  #silentSinceMs: number
  /** The last sign of life; undefined when none was heard since there is somebody who listens. */
  #heardAtMs: number | undefined

  /** @param atMs from when on it could have been heard */
  constructor(atMs: number) {
    this.#silentSinceMs = atMs
  }

  /** Something was heard. */
  heard(atMs: number): void {
    const beforeMs = this.#heardAtMs
    this.#heardAtMs = atMs
    this.#silentSinceMs = atMs
    // Who begins to listen does so at any moment between two signs: what is left of that interval is shorter than it was.
    if (beforeMs === undefined) return
    const intervalMs = Math.max(0, atMs - beforeMs)
    this.#intervals.push(intervalMs)
    this.#sumMs += intervalMs
    if (this.#intervals.length > intervalsMax) this.#sumMs -= this.#intervals.shift()!
  }

  /** Nothing could have been heard until now: the silence counts from here. */
  excuse(atMs: number): void {
    this.#silentSinceMs = atMs
    this.#heardAtMs = undefined
  }

  /** 0 for one that was not heard often enough to be judged. */
  phi(atMs: number): number {
    const meanMs = this.#meanMs
    return meanMs === undefined ? 0 : Math.max(0, atMs - this.#silentSinceMs) / (meanMs * Math.LN10)
  }

  /** When φ reaches the threshold, if nothing is heard until then; undefined for one that cannot be judged. */
  reachesAtMs(threshold: number): number | undefined {
    const meanMs = this.#meanMs
    return meanMs === undefined ? undefined : this.#silentSinceMs + threshold * meanMs * Math.LN10
  }

  get #meanMs(): number | undefined {
    const { length } = this.#intervals
    return length < intervalsMin ? undefined : Math.max(1, this.#sumMs / length)
  }
}
