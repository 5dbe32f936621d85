/** Opens and closes sessions, a number of them at a time. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { newLatencies, recordLatency } from './latencies.ts'
import { type Address, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface SessionsOptions {
  readonly address: Address
  readonly connectionCount: number
  readonly seconds: number
  readonly serverPid: number | undefined
}

export interface SessionsResult {
  /** Sessions that were opened and closed. */
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

export async function runSessions(options: SessionsOptions): Promise<SessionsResult> {
  const latencies = newLatencies()
  const before = sampleUsage(options.serverPid)
  const endMs = performance.now() + options.seconds * 1_000
  const openAndClose = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now()
      const session = await RawSession.open(options.address)
      await session.close()
      recordLatency(latencies, performance.now() - startMs)
    }
  }
  await Promise.all(Array.from({ length: options.connectionCount }, openAndClose))
  const usage = usageBetween(before, sampleUsage(options.serverPid))
  return { operationCount: latencies.count, latencies, usage }
}
