/** What each mode of `quorate bench` does with its options. */
import type { BenchOptions } from './bench-options.ts'
import { clear, fill, type FillOptions } from './fill.ts'
import { ensureKeys, KeySpace } from './key-space.ts'
import { runLoadOnThreads } from './load-threads.ts'
import { runOutage } from './outage.ts'
import { runPauses } from './pauses.ts'
import { probe } from './probe.ts'
import { type Figures, figuresOf, rounded } from './report.ts'
import { runSessions } from './sessions.ts'
import { residentMb } from './usage.ts'
import { runWatches } from './watches.ts'

export type Mode = (options: BenchOptions) => Promise<Figures>

export const modes: ReadonlyMap<string, Mode> = new Map<string, Mode>([
  ['load', load],
  ['create', createAndDelete],
  ['fill', fillAll],
  ['watch', watch],
  ['sessions', async (options) => figuresOf(await runSessions(options), options.serverPids)],
  ['pauses', async (options) => figuresOf(await runPauses(options), options.serverPids)],
  ['outage', outage],
  ['probe', probeServer],
])

async function load(options: BenchOptions): Promise<Figures> {
  const { connectionCount, depth, readPercent, valueSize, keyCount, threadCount } = options
  await ensureKeys(options.servers[0]!, new KeySpace(keyCount, valueSize))
  const result = await runLoadOnThreads(options, Math.min(threadCount, connectionCount))
  return {
    connections: connectionCount,
    depth,
    readPercent,
    valueSize,
    keys: keyCount,
    ...figuresOf(result, options.serverPids),
  }
}

async function createAndDelete(options: BenchOptions): Promise<Figures> {
  const fillOptions = fillOptionsOf(options, '/bench-create')
  const created = figuresOf(await fill(fillOptions), options.serverPids)
  const deleted = figuresOf(await clear(fillOptions), options.serverPids)
  return {
    connections: options.connectionCount,
    depth: options.depth,
    valueSize: options.valueSize,
    ...created,
    deletesPerSecond: deleted['operationsPerSecond']!,
    deleteP99Us: deleted['p99Us']!,
  }
}

async function fillAll(options: BenchOptions): Promise<Figures> {
  const result = await fill(fillOptionsOf(options))
  return {
    connections: options.connectionCount,
    depth: options.depth,
    valueSize: options.valueSize,
    ...figuresOf(result, options.serverPids),
  }
}

async function watch(options: BenchOptions): Promise<Figures> {
  const result = await runWatches(options)
  const roundsMs = result.roundMs.toSorted((a, b) => a - b)
  return {
    connections: options.connectionCount,
    keys: options.keyCount,
    watches: options.connectionCount * options.keyCount,
    ...figuresOf(result, options.serverPids),
    armedPerSecond: Math.round(result.armedPerSecond),
    medianRoundMs: rounded(roundsMs[roundsMs.length >> 1]!),
    longestRoundMs: rounded(roundsMs.at(-1)!),
  }
}

async function outage(options: BenchOptions): Promise<Figures> {
  const result = await runOutage(options)
  const gaps = result.gapsOfWritersMs
  return {
    connections: options.connectionCount,
    valueSize: options.valueSize,
    ...figuresOf(result, options.serverPids),
    longestGapMs: rounded(result.longestGapMs),
    medianGapOfWritersMs: rounded(gaps[gaps.length >> 1]!),
    longestGapOfWritersMs: rounded(gaps.at(-1)!),
    ambiguous: result.ambiguousCount,
    refused: result.refusedCount,
    verifiedServers: result.verifiedServerCount,
  }
}

async function probeServer(options: BenchOptions): Promise<Figures> {
  const startedAtMs = Date.now()
  const dataBytes = await probe(options)
  const servedAtMs = Date.now()
  const memory = residentMb(options.serverPids)
  return {
    path: options.path,
    dataBytes,
    milliseconds: servedAtMs - startedAtMs,
    servedAtUnixMs: servedAtMs,
    ...(memory !== undefined && { serverRssMb: Math.round(memory.nowMb) }),
  }
}

function fillOptionsOf(options: BenchOptions, root?: string): FillOptions {
  const { servers, connectionCount, depth, keyCount, valueSize, serverPids } = options
  return {
    servers,
    connectionCount,
    depth,
    serverPids,
    keys: new KeySpace(keyCount, valueSize, root),
  }
}
