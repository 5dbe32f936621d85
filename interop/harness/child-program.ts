/**
 * A program that a test started: its log is a file, its end is awaited, and it never outlives this process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface ProgramOptions {
  readonly command: string
  readonly words: readonly string[]
  /** Beside what this process has; undefined takes something away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Where it runs, when that is not where this process does. */
  readonly directory?: string
  /** It starts programs of its own: signals are for all of them. */
  readonly isGroup?: boolean
  /** Receives standard output and standard error. */
  readonly logFile: string
}

const running = new Set<ChildProgram>()

process.on('exit', () => {
  for (const program of running) program.signal('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))

export class ChildProgram {
  readonly pid: number
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #options: ProgramOptions

  private constructor(child: ChildProcess, pid: number, options: ProgramOptions) {
    this.#child = child
    this.pid = pid
    this.#options = options
    running.add(this)
    this.exited = new Promise((resolve) => {
      child.once('exit', () => {
        running.delete(this)
        resolve()
      })
    })
  }

  /** @throws Error when the command cannot be run */
  static async start(options: ProgramOptions): Promise<ChildProgram> {
    const log = openSync(options.logFile, 'a')
    try {
      const child = spawn(options.command, options.words, {
        cwd: options.directory,
        env: { ...process.env, ...options.environment },
        stdio: ['ignore', log, log],
        detached: options.isGroup === true,
      })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (cause) => {
          reject(new Error(`${options.command} does not start`, { cause }))
        })
      })
      return new ChildProgram(child, child.pid!, options)
    } finally {
      closeSync(log)
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#options.isGroup === true && this.isRunning) process.kill(-this.pid, signal)
    else this.#child.kill(signal)
  }

  /** SIGTERM, and SIGKILL when that was not heard within 5 s. */
  async stop(): Promise<void> {
    if (!this.isRunning) return
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), 5_000)
    await this.exited
    clearTimeout(timer)
  }

  async kill(): Promise<void> {
    if (!this.isRunning) return
    this.signal('SIGKILL')
    await this.exited
  }

  /** The last lines of the log, for messages of failure. */
  logTail(lineCount = 20): string {
    return readFileSync(this.#options.logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lineCount)
      .join('\n')
  }
}
