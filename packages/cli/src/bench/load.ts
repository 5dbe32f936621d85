/** A closed loop of reads and writes on random keys, over many connections, each with its requests under way. */
import type { RecordableHistogram } from 'node:perf_hooks'
import { KeySpace, type KeyedRequest } from './key-space.ts'
import { newLatencies, recordLatency } from './latencies.ts'
import { type RequestSource, runPipeline } from './pipeline.ts'
import { type Address, RawSession } from './raw-session.ts'
import { sampleUsage, type Usage, usageBetween } from './usage.ts'

export interface LoadOptions {
  readonly servers: readonly Address[]
  readonly connectionCount: number
  /** Requests under way on each connection. */
  readonly depth: number
  /** Reads in a hundred requests; the others are writes. */
  readonly readPercent: number
  readonly valueSize: number
  readonly keyCount: number
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly serverPids: readonly number[]
  readonly seed: number
}

export interface LoadResult {
  /** Replies that came while the measurement ran. */
  readonly operationCount: number
  readonly latencies: RecordableHistogram
  readonly usage: Usage
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const sessions = await RawSession.openMany(options.servers, options.connectionCount)
  const source = new RandomRequests(options)
  const latencies = newLatencies()
  let isMeasuring = false
  const replied = (latencyMs: number): void => {
    if (isMeasuring) recordLatency(latencies, latencyMs)
  }
  const runs = Promise.all(
    sessions.map((session) => runPipeline({ session, depth: options.depth, source, replied })),
  )
  const measurement = (async (): Promise<LoadResult> => {
    await elapsed(options.warmUpSeconds)
    const before = sampleUsage(options.serverPids)
    isMeasuring = true
    await elapsed(options.seconds)
    isMeasuring = false
    const usage = usageBetween(before, sampleUsage(options.serverPids))
    source.stop()
    return { operationCount: latencies.count, latencies, usage }
  })()
  // A connection that fails ends the run at once, not after the measurement.
  const [result] = await Promise.all([measurement, runs])
  await Promise.all(sessions.map((session) => session.close()))
  return result
}

/** Reads and writes by the ratio asked for, until stopped. */
class RandomRequests implements RequestSource {
  readonly lengthMax: number
  readonly #read: KeyedRequest
  readonly #write: KeyedRequest
  readonly #readsBelow: number
  readonly #keyCount: number
  #state: number
  #isStopped = false

  constructor({ keyCount, valueSize, readPercent, seed }: LoadOptions) {
    const keys = new KeySpace(keyCount, valueSize)
    this.#read = keys.readTemplate()
    this.#write = keys.writeTemplate()
    this.lengthMax = Math.max(this.#read.length, this.#write.length)
    this.#readsBelow = readPercent / 100
    this.#keyCount = keyCount
    this.#state = seed | 1
  }

  stop(): void {
    this.#isStopped = true
  }

  writeNext(target: Uint8Array, at: number): number {
    if (this.#isStopped) return -1
    const request = this.#random() < this.#readsBelow ? this.#read : this.#write
    return request.write(target, at, Math.floor(this.#random() * this.#keyCount))
  }

  /** Marsaglia's xorshift: cheap, and the same sequence for the same seed. */
  #random(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) / 0x1_0000_0000
  }
}

function elapsed(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1_000)
  })
}
