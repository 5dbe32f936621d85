/** Watch fan-out: every connection watches every node, then each node is written once; all notifications are awaited. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { EachKey, ensureKeys, KeySpace } from './key-space.ts'
import { newLatencies, recordLatency } from './latencies.ts'
import { runPipeline } from './pipeline.ts'
import { type Address, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface WatchesOptions {
  readonly servers: readonly Address[]
  readonly connectionCount: number
  /** Nodes that each connection watches. */
  readonly keyCount: number
  readonly rounds: number
  readonly serverPids: readonly number[]
}

export interface WatchesResult {
  /** Notifications received. */
  readonly operationCount: number
  /** From the first write of a round to each notification. */
  readonly latencies: RecordableHistogram
  /** From the first write to the last notification, per round. */
  readonly roundMs: readonly number[]
  /** Watches set per second. */
  readonly armedPerSecond: number
  readonly usage: Usage
}

export async function runWatches(options: WatchesOptions): Promise<WatchesResult> {
  const { servers, connectionCount, rounds } = options
  const keys = new KeySpace(options.keyCount, 100)
  await ensureKeys(servers[0]!, keys)
  const writer = await RawSession.open(servers[0]!)
  const watchers = await RawSession.openMany(servers, connectionCount)
  const latencies = newLatencies()
  const roundMs: number[] = []
  let armingMs = 0
  const before = sampleUsage(options.serverPids)
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    const notifications = await arm(watchers, keys, latencies)
    armingMs += performance.now() - startMs
    roundMs.push(await notifications.fire(writer))
  }
  const usage = usageBetween(before, sampleUsage(options.serverPids))
  await Promise.all([writer, ...watchers].map((session) => session.close()))
  return {
    operationCount: latencies.count,
    latencies,
    roundMs,
    armedPerSecond: (1_000 * rounds * connectionCount * options.keyCount) / armingMs,
    usage,
  }
}

/** Sets all watches of a round. What is returned writes every node and answers how long the last notification took. */
async function arm(
  watchers: readonly RawSession[],
  keys: KeySpace,
  latencies: RecordableHistogram,
): Promise<{ fire(writer: RawSession): Promise<number> }> {
  let awaitedCount = watchers.length * keys.keyCount
  let firedAtMs = 0
  const { promise: allNotified, resolve, reject } = Promise.withResolvers<number>()
  const notified = (receivedAtMs: number): void => {
    recordLatency(latencies, receivedAtMs - firedAtMs)
    if (--awaitedCount === 0) resolve(receivedAtMs - firedAtMs)
  }
  await Promise.all(
    watchers.map((session) =>
      runPipeline({
        session,
        depth: keys.keyCount,
        source: new EachKey(keys.watchTemplate(), 0, keys.keyCount),
        replied: () => {},
        notified,
      }),
    ),
  )
  return {
    async fire(writer) {
      firedAtMs = performance.now()
      await runPipeline({
        session: writer,
        depth: keys.keyCount,
        source: new EachKey(keys.writeTemplate(), 0, keys.keyCount),
        replied: () => {},
      })
      const timer = setTimeout(() => {
        reject(new Error(`${awaitedCount} notifications did not come within 60 s`))
      }, 60_000)
      return allNotified.finally(() => clearTimeout(timer))
    },
  }
}
