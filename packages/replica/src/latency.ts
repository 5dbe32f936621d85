import type { LatencyView } from './inspection.ts'

/** Least, mean and greatest of a series of latencies in ms. */
export class Latency implements LatencyView {
  minMs = 0
  maxMs = 0
  count = 0
  #totalMs = 0

  get averageMs(): number {
    return this.count === 0 ? 0 : this.#totalMs / this.count
  }

  record(ms: number): void {
    if (this.count === 0 || ms < this.minMs) this.minMs = ms
    if (ms > this.maxMs) this.maxMs = ms
    this.count++
    this.#totalMs += ms
  }

  reset(): void {
    this.minMs = 0
    this.maxMs = 0
    this.count = 0
    this.#totalMs = 0
  }
}
