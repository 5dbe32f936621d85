/**
 * How suspicious a silence is, judged by how often something was heard before: the φ of the accrual failure detector
 * (Hayashibara et al., 2004), with intervals taken as exponentially distributed, as Cassandra does.
 *
 * φ of 1 means: of ten silences as long as this one, one is followed by another sign of life. Of 2: one of a hundred.
 */

/** So many intervals are remembered. */
const intervalsMax = 100

export class Arrivals {
  readonly #intervals: number[] = []
  #sumMs = 0
  #lastAtMs: number

  constructor(atMs: number) {
    this.#lastAtMs = atMs
  }

  /** Something was heard. */
  heard(atMs: number): void {
    const intervalMs = Math.max(0, atMs - this.#lastAtMs)
    this.#lastAtMs = atMs
    this.#intervals.push(intervalMs)
    this.#sumMs += intervalMs
    if (this.#intervals.length > intervalsMax) this.#sumMs -= this.#intervals.shift()!
  }

  /** Nothing could have been heard until now: the silence counts from here. */
  excuse(atMs: number): void {
    this.#lastAtMs = atMs
  }

  /** 0 for one that was not heard often enough to be judged. */
  phi(atMs: number): number {
    const meanMs = this.#meanMs
    return meanMs === undefined ? 0 : Math.max(0, atMs - this.#lastAtMs) / (meanMs * Math.LN10)
  }

  /** When φ reaches the threshold, if nothing is heard until then; undefined for one that cannot be judged. */
  reachesAtMs(threshold: number): number | undefined {
    const meanMs = this.#meanMs
    return meanMs === undefined ? undefined : this.#lastAtMs + threshold * meanMs * Math.LN10
  }

  get #meanMs(): number | undefined {
    const { length } = this.#intervals
    return length === 0 ? undefined : Math.max(1, this.#sumMs / length)
  }
}
