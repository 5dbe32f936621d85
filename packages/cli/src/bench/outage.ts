/**
 * What an application sees of a failover: clients that write one value after the other through whichever server takes it,
 * and the longest time in which none of those writes was acknowledged. Who kills or stops a server meanwhile is not this
 * module's affair. The clients open new sessions and pause for a moment only, so that the time is the servers'.
 *
 * 1. Each writer counts up in a node of its own. What was acknowledged is there afterwards, or something later, on every
 *    server that can be reached.
 * 2. A write whose answer did not come is ambiguous. The writer goes on with the next number through the next server.
 */
import {
  getDataResponse,
  OpCode,
  pathRecord,
  pathWatchRequest,
  setDataRequest,
} from '@quorate/protocol'
import type { RecordableHistogram } from 'node:perf_hooks'
import { ensureKeys, KeySpace } from './key-space.ts'
import { newLatencies, recordLatency } from './latencies.ts'
import { type Address, encodeRequest, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface OutageOptions {
  readonly servers: readonly Address[]
  /** Writers. */
  readonly connectionCount: number
  readonly seconds: number
  readonly valueSize: number
  readonly serverPids: readonly number[]
}

export interface OutageResult {
  /** Writes that were acknowledged. */
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
  /** The longest time without any acknowledgement. */
  readonly longestGapMs: number
  /** The longest time without an acknowledgement of each writer, ascending. */
  readonly gapsOfWritersMs: readonly number[]
  readonly ambiguousCount: number
  /** Attempts to open a session that were refused, or not answered. */
  readonly refusedCount: number
  /** Servers that could be asked at the end whether they have what was acknowledged. */
  readonly verifiedServerCount: number
}

/** How long a writer waits for an answer before it tries another server. */
const patienceMs = 500
const pauseMs = 5

/** @throws Error when a server lacks what was acknowledged */
export async function runOutage(options: OutageOptions): Promise<OutageResult> {
  const { servers, connectionCount, valueSize, serverPids } = options
  const keys = new KeySpace(connectionCount, valueSize, '/bench-outage')
  await ensureKeys(servers[0]!, keys)
  const acknowledgements = new Acknowledgements()
  const writers = Array.from(
    { length: connectionCount },
    (_, i) => new Writer(options, keys.path(i), i, acknowledgements),
  )
  const before = sampleUsage(serverPids)
  const endMs = performance.now() + options.seconds * 1_000
  await Promise.all(writers.map((writer) => writer.writeUntil(endMs)))
  const usage = usageBetween(before, sampleUsage(serverPids))
  let verifiedServerCount = 0
  for (const server of servers) if (await verify(server, writers)) verifiedServerCount++
  return {
    operationCount: acknowledgements.latencies.count,
    latencies: acknowledgements.latencies,
    usage,
    longestGapMs: acknowledgements.longestGapMs,
    gapsOfWritersMs: writers.map(({ longestGapMs }) => longestGapMs).toSorted((a, b) => a - b),
    ambiguousCount: writers.reduce((sum, { ambiguousCount }) => sum + ambiguousCount, 0),
    refusedCount: writers.reduce((sum, { refusedCount }) => sum + refusedCount, 0),
    verifiedServerCount,
  }
}

/** Of all writers together. */
class Acknowledgements {
  readonly latencies: RecordableHistogram = newLatencies()
  longestGapMs = 0
  #lastAtMs: number | undefined

  add(sentAtMs: number, atMs: number): void {
    recordLatency(this.latencies, atMs - sentAtMs)
    this.longestGapMs = Math.max(this.longestGapMs, atMs - (this.#lastAtMs ?? atMs))
    this.#lastAtMs = atMs
  }
}

class Writer {
  readonly path: string
  /** The last number that was sent, and the last that was acknowledged. */
  written = 0
  acknowledged = 0
  longestGapMs = 0
  ambiguousCount = 0
  refusedCount = 0
  readonly #options: OutageOptions
  readonly #acknowledgements: Acknowledgements
  #server: number
  #lastAtMs: number | undefined

  constructor(
    options: OutageOptions,
    path: string,
    server: number,
    acknowledgements: Acknowledgements,
  ) {
    this.#options = options
    this.path = path
    this.#server = server
    this.#acknowledgements = acknowledgements
  }

  async writeUntil(endMs: number): Promise<void> {
    for (; performance.now() < endMs; this.#server++) {
      const session = await this.#connect()
      if (session !== undefined) await this.#writeThrough(session, endMs)
      else await elapsed(pauseMs)
    }
  }

  async #connect(): Promise<RawSession | undefined> {
    const { servers } = this.#options
    try {
      const server = servers[this.#server % servers.length]!
      return await RawSession.open(server, { connectTimeoutMs: patienceMs })
    } catch {
      this.refusedCount++
      return undefined
    }
  }

  /** Until the end, or until the connection is lost or an answer does not come. */
  async #writeThrough(session: RawSession, endMs: number): Promise<void> {
    try {
      while (performance.now() < endMs) {
        const sentAtMs = performance.now()
        await within(patienceMs, session.call(this.#nextWrite()))
        this.#acknowledge(sentAtMs, performance.now())
      }
      await within(patienceMs, session.close())
    } catch {
      // A write that a server refused without carrying it out counts as ambiguous too: this side cannot know.
      if (this.written > this.acknowledged) this.ambiguousCount++
      session.destroy()
    }
  }

  #acknowledge(sentAtMs: number, atMs: number): void {
    this.acknowledged = this.written
    this.longestGapMs = Math.max(this.longestGapMs, atMs - (this.#lastAtMs ?? atMs))
    this.#lastAtMs = atMs
    this.#acknowledgements.add(sentAtMs, atMs)
  }

  #nextWrite(): Uint8Array {
    const data = new Uint8Array(Math.max(this.#options.valueSize, 4))
    new DataView(data.buffer).setInt32(0, ++this.written)
    return encodeRequest(OpCode.setData, setDataRequest, { path: this.path, data, version: -1 })
  }
}

/** @returns whether the server could be reached */
async function verify(server: Address, writers: readonly Writer[]): Promise<boolean> {
  let session: RawSession
  try {
    session = await RawSession.open(server, { connectTimeoutMs: 2 * patienceMs })
  } catch {
    return false
  }
  await session.call(encodeRequest(OpCode.sync, pathRecord, { path: '/' }))
  for (const { path, acknowledged, written } of writers) {
    if (acknowledged === 0) continue
    const request = encodeRequest(OpCode.getData, pathWatchRequest, { path, watch: false })
    const reply = await session.call(request)
    const data = getDataResponse.decode(reply!).data ?? new Uint8Array(4)
    const found = new DataView(data.buffer, data.byteOffset).getInt32(0)
    if (found < acknowledged || found > written)
      throw new Error(
        `${server.host}:${server.port} has ${found} in ${path}; ${acknowledged} was acknowledged, and ${written} written last`,
      )
  }
  await session.close()
  return true
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
