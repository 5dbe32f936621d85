import type { LogLine, LogSink } from './server-log.ts'

/** Lines of one code within one period that are written out. */
const linesByCodeMax = 5
const periodMs = 10_000
/** Codes are few and fixed; more than this means that somebody makes them up. */
const codesMax = 1_000

/**
 * Passes on a few lines of each code in a period and counts the others, so that clients cannot fill the disk by doing
 * the same wrong thing again and again.
 */
export class RateLimitedLog implements LogSink {
  readonly #sink: LogSink
  readonly #nowMs: () => number
  readonly #periodsByCode = new Map<string, { startedAtMs: number; count: number }>()

  constructor(sink: LogSink, nowMs: () => number) {
    this.#sink = sink
    this.#nowMs = nowMs
  }

  write(line: LogLine): void {
    const nowMs = this.#nowMs()
    const period = this.#periodsByCode.get(line.code)
    if (period !== undefined && nowMs - period.startedAtMs < periodMs) {
      period.count++
      if (period.count <= linesByCodeMax) this.#sink.write(line)
      return
    }
    const suppressedCount = Math.max(0, (period?.count ?? 0) - linesByCodeMax)
    if (this.#periodsByCode.size < codesMax || period !== undefined) {
      this.#periodsByCode.set(line.code, { startedAtMs: nowMs, count: 1 })
    }
    if (suppressedCount === 0) this.#sink.write(line)
    else this.#sink.write({ ...line, fields: { ...line.fields, suppressedCount } })
  }
}
