/** Spreads a load over worker threads, for machines where one event loop cannot keep the server busy. */
import { Worker } from 'node:worker_threads'
import { type LoadOptions, type LoadResult, runLoad } from './load.ts'

const workerFiles = ['./load-worker.ts', './load-worker.js'] as const

export async function runLoadOnThreads(
  options: LoadOptions,
  threadCount: number,
): Promise<LoadResult> {
  if (threadCount === 1) return runLoad(options)
  const results = await Promise.all(
    Array.from({ length: threadCount }, (_, i) => runOnThread(shareOf(options, i, threadCount))),
  )
  const [first, ...others] = results
  for (const { latencies } of others) first!.latencies.add(latencies)
  // CPU is counted per process: the first thread's window stands for all.
  return { ...first!, operationCount: first!.latencies.count }
}

function shareOf(options: LoadOptions, thread: number, threadCount: number): LoadOptions {
  const { connectionCount } = options
  const from = Math.floor((connectionCount * thread) / threadCount)
  const to = Math.floor((connectionCount * (thread + 1)) / threadCount)
  return { ...options, connectionCount: to - from, seed: options.seed + 2 * thread }
}

function runOnThread(options: LoadOptions): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>()
  const file = workerFiles[import.meta.url.endsWith('.ts') ? 0 : 1]
  const worker = new Worker(new URL(file, import.meta.url), { workerData: options })
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', (code) => {
    reject(new Error(`a load thread ended with ${code} before its result`))
  })
  return promise
}
