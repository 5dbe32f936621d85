/** A ping every few milliseconds on one quiet session: its longest round trips show how long the server stood still. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { OpCode, Xid, writeInt32 } from '@quorate/protocol'
import { newLatencies, recordLatency } from './latencies.ts'
import { type Address, encodeRequest, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface PausesOptions {
  readonly servers: readonly Address[]
  readonly seconds: number
  readonly intervalMs: number
  readonly serverPids: readonly number[]
}

export interface PausesResult {
  readonly operationCount: number
  /** Round trips. The next ping goes out after the last one was answered, so one stall is one long round trip. */
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

export async function runPauses(options: PausesOptions): Promise<PausesResult> {
  const session = await RawSession.open(options.servers[0]!)
  const ping = encodeRequest(OpCode.ping)
  writeInt32(ping, 4, Xid.ping)
  const latencies = newLatencies()
  const before = sampleUsage(options.serverPids)
  const endMs = performance.now() + options.seconds * 1_000
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sentAtMs = 0
  const send = (): void => {
    sentAtMs = performance.now()
    session.write(ping)
  }
  session.receiveWith({
    frame() {
      recordLatency(latencies, session.receivedAtMs - sentAtMs)
      if (session.receivedAtMs < endMs) setTimeout(send, options.intervalMs)
      else resolve()
    },
    turnEnded() {},
    failed: reject,
  })
  send()
  await promise
  const usage = usageBetween(before, sampleUsage(options.serverPids))
  await session.close()
  return { operationCount: latencies.count, latencies, usage }
}
