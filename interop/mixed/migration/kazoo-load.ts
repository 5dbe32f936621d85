/** Runs load.py, and reads what it reports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Debian's own Python: others on the machine do not have its packages. */
const python = '/usr/bin/python3'

const endTimeoutMs = 120_000

/** Writes that were acknowledged. */
export interface WriterRecord {
  readonly created: number
  readonly deleted: number
  readonly counted: number
  readonly multis: number
}

export interface LoadReport {
  /** By the writer's node. */
  readonly writers: Readonly<Record<string, WriterRecord>>
  readonly violations: readonly string[]
  readonly locks: number
  /** Changes of data, and of children, that were seen by watches. */
  readonly watched: number
  readonly visitsSeen: number
  readonly sessions: number
  /** Sessions that fell silent and expired. */
  readonly expired: number
  readonly containers: number
  readonly timesToLive: number
  /** The longest time that a call took, its repetitions included. */
  readonly longestGapMs: number
}

export class KazooLoad {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #errors = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      // kazoo tells of every reconnection.
      this.#errors = (this.#errors + text).slice(-10_000)
    })
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    process.once('exit', () => child.kill('SIGKILL'))
  }

  /** @returns when all clients are about to run */
  static async start(servers: string): Promise<KazooLoad> {
    const script = join(import.meta.dirname, 'load.py')
    const load = new KazooLoad(spawn(python, [script, servers], { stdio: 'pipe' }))
    await load.#line('running')
    return load
  }

  /** Lets the clients end their sessions in order. */
  async end(): Promise<LoadReport> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endTimeoutMs)
    this.#child.stdin!.end('stop\n')
    try {
      return JSON.parse(await this.#line('its report')) as LoadReport
    } finally {
      clearTimeout(timer)
      await this.dispose()
    }
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async #line(what: string): Promise<string> {
    const line = await this.#lines.next()
    if (line.done === true) throw new Error(`the load ended without ${what}:\n${this.#errors}`)
    return line.value
  }
}
