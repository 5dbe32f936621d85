/** Latencies of many operations in a histogram, so that memory does not grow with them. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

export interface LatencySummary {
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
}

const nsPerMs = 1_000_000

export function newLatencies(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 600_000 * nsPerMs, figures: 3 })
}

export function recordLatency(latencies: RecordableHistogram, ms: number): void {
  latencies.record(Math.max(1, Math.round(ms * nsPerMs)))
}

export function summarise(latencies: RecordableHistogram): LatencySummary {
  return {
    p50Us: microseconds(latencies.percentile(50)),
    p99Us: microseconds(latencies.percentile(99)),
    p999Us: microseconds(latencies.percentile(99.9)),
    maxUs: microseconds(latencies.count === 0 ? 0 : latencies.max),
  }
}

function microseconds(ns: number): number {
  return Math.round(ns / 100) / 10
}
