/** Creates and deletes nodes, each once, as fast as the server takes them. */
import { ErrorCode } from '@quorate/protocol'
import type { RecordableHistogram } from 'node:perf_hooks'
import { EachKey, type KeyedRequest, KeySpace, makeParents } from './key-space.ts'
import { newLatencies, recordLatency } from './latencies.ts'
import { runPipeline } from './pipeline.ts'
import { type Address, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface FillOptions {
  readonly servers: readonly Address[]
  readonly keys: KeySpace
  readonly connectionCount: number
  readonly depth: number
  readonly serverPids: readonly number[]
}

export interface FillResult {
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

/** Creates every key of the space; keys that exist already stay as they are. */
export function fill(options: FillOptions): Promise<FillResult> {
  return eachKeyOnce(options, options.keys.createTemplate(), ErrorCode.NodeExists)
}

/** Deletes every key of the space; the parents stay. */
export function clear(options: FillOptions): Promise<FillResult> {
  return eachKeyOnce(options, options.keys.deleteTemplate(), ErrorCode.NoNode)
}

async function eachKeyOnce(
  { servers, keys, connectionCount, depth, serverPids }: FillOptions,
  request: KeyedRequest,
  harmlessError: number,
): Promise<FillResult> {
  const sessions = await RawSession.openMany(servers, connectionCount)
  await makeParents(sessions[0]!, keys)
  const source = new EachKey(request, 0, keys.keyCount)
  const latencies = newLatencies()
  const replied = (latencyMs: number): void => recordLatency(latencies, latencyMs)
  const before = sampleUsage(serverPids)
  await Promise.all(
    sessions.map((session) => runPipeline({ session, depth, source, harmlessError, replied })),
  )
  const usage = usageBetween(before, sampleUsage(serverPids))
  await Promise.all(sessions.map((session) => session.close()))
  return { operationCount: latencies.count, latencies, usage }
}
