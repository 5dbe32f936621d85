/** Opens and closes sessions, a number of them at a time. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { newLatencies, recordLatency } from './latencies.ts'
import { type Address, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface SessionsOptions {
  readonly servers: readonly Address[]
  readonly connectionCount: number
  readonly seconds: number
  readonly serverPids: readonly number[]
}

export interface SessionsResult {
  /** Sessions that were opened and closed. */
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

export async function runSessions(options: SessionsOptions): Promise<SessionsResult> {
  const latencies = newLatencies()
  const before = sampleUsage(options.serverPids)
  const endMs = performance.now() + options.seconds * 1_000
  const openAndClose = async (address: Address): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now()
      const session = await RawSession.open(address)
      await session.close()
      recordLatency(latencies, performance.now() - startMs)
    }
  }
  const { servers, connectionCount } = options
  await Promise.all(
    Array.from({ length: connectionCount }, (_, i) => openAndClose(servers[i % servers.length]!)),
  )
  const usage = usageBetween(before, sampleUsage(options.serverPids))
  return { operationCount: latencies.count, latencies, usage }
}
