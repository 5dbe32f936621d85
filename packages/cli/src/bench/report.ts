/** A measurement as an object of plain figures, for JSON lines and for reading. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { type LatencySummary, summarise } from './latencies.ts'
import { residentMb, type Usage } from './usage.ts'

export type Figures = Readonly<Record<string, string | number>>

export interface Measured {
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

export function figuresOf(measured: Measured, serverPids: readonly number[]): Figures {
  const { operationCount, usage } = measured
  const latency: LatencySummary = summarise(measured.latencies)
  const thousands = operationCount / 1_000
  const memory = residentMb(serverPids)
  return {
    operations: operationCount,
    seconds: rounded(usage.seconds),
    operationsPerSecond: Math.round(operationCount / usage.seconds),
    ...latency,
    ...(usage.serverCpuSeconds !== undefined && {
      serverCpuSecondsPer1000: rounded(usage.serverCpuSeconds / thousands),
    }),
    clientCpuSecondsPer1000: rounded(usage.clientCpuSeconds / thousands),
    ...(usage.serverDiskMbPerSecond !== undefined && {
      serverDiskMbPerSecond: rounded(usage.serverDiskMbPerSecond),
    }),
    ...(usage.otherCpus !== undefined && { otherCpus: rounded(usage.otherCpus) }),
    ...(memory !== undefined && {
      serverRssMb: Math.round(memory.nowMb),
      serverPeakRssMb: Math.round(memory.peakMb),
    }),
  }
}

/** One figure a line, names first. */
export function renderFigures(figures: Figures): string {
  const entries = Object.entries(figures)
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries
    .map(([name, value]) => `${name.padEnd(width)}  ${value.toLocaleString('en-US')}`)
    .join('\n')
}

/** To four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
