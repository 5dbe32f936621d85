/** Child processes that run seeds; each has one at a time. */
import { type ChildProcess, fork } from 'node:child_process'
import { runRequest, type RunRequest, type SimulationResult } from '../index.ts'

const workerFiles = ['./seed-worker.ts', './seed-worker.js'] as const

export interface RunPool {
  /** Runs that can be under way at a time. */
  readonly size: number
  run(request: RunRequest): Promise<SimulationResult>
  close(): void
}

export function createPool(size: number): RunPool {
  return size === 1 ? new OwnProcess() : new WorkerPool(size)
}

class OwnProcess implements RunPool {
  readonly size = 1

  run(request: RunRequest): Promise<SimulationResult> {
    return runRequest(request)
  }

  close(): void {}
}

class WorkerPool implements RunPool {
  readonly size: number
  readonly #idle: ChildProcess[] = []
  readonly #waiting: ((child: ChildProcess) => void)[] = []
  readonly #all: ChildProcess[] = []

  constructor(size: number) {
    this.size = size
    const file = workerFiles[import.meta.url.endsWith('.ts') ? 0 : 1]
    for (let i = 0; i < size; i++) {
      // Advanced: results hold maps.
      const child = fork(new URL(file, import.meta.url), { serialization: 'advanced' })
      this.#all.push(child)
      this.#idle.push(child)
    }
  }

  async run(request: RunRequest): Promise<SimulationResult> {
    const child = await this.#take()
    const { promise, resolve, reject } = Promise.withResolvers<SimulationResult>()
    const ended = (code: number | null): void =>
      reject(new Error(`the process of seed ${request.seed} ended with ${code}`))
    child.once('message', (result: SimulationResult) => resolve(result))
    child.once('exit', ended)
    child.send(request)
    try {
      return await promise
    } finally {
      child.off('exit', ended)
      this.#release(child)
    }
  }

  close(): void {
    for (const child of this.#all) if (child.connected) child.disconnect()
  }

  #take(): Promise<ChildProcess> {
    const child = this.#idle.pop()
    if (child !== undefined) return Promise.resolve(child)
    const { promise, resolve } = Promise.withResolvers<ChildProcess>()
    this.#waiting.push(resolve)
    return promise
  }

  #release(child: ChildProcess): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(child)
    else next(child)
  }
}
