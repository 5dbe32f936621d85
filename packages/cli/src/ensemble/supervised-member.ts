/**
 * One server of the ensemble: a process of its own that is started again when it dies.
 *
 * 1. At most one process runs at a time.
 * 2. None is started after `stop`, and `stop` returns when none runs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ExitCode } from '@quorate/server'
import { EnsembleError } from './ensemble-error.ts'
import type { MemberFiles } from './ensemble-folder.ts'
import type { MemberPlan } from './ensemble-plan.ts'
import { memberMode } from './member-mode.ts'
import { RestartDelay } from './restart-delay.ts'

export interface MemberOptions {
  readonly plan: MemberPlan
  readonly files: MemberFiles
  /** What runs a server, but for its arguments. */
  readonly command: readonly [string, ...string[]]
  /** How long the server may take to stop in order before it is killed. */
  readonly stopMs: number
  /** Receives what the operator should know. */
  readonly say: (text: string) => void
}

const pollMs = 50
const reminderMs = 10_000
/** At each start a longer log is put aside. */
const logLengthMax = 16 * 1_024 * 1_024
const lastWordsLengthMax = 4_096

export class SupervisedMember {
  readonly plan: MemberPlan
  /** Settles when the member cannot be helped by starting it again. */
  readonly refusal: Promise<EnsembleError>
  readonly #options: MemberOptions
  readonly #refuse: (error: EnsembleError) => void
  readonly #restartDelay = new RestartDelay()
  readonly #stopped = new AbortController()
  #child: ChildProcess | undefined
  #mode: string | undefined
  #servingWaiters: (() => void)[] = []
  #running: Promise<void> | undefined

  constructor(options: MemberOptions) {
    this.plan = options.plan
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<EnsembleError>()
    this.refusal = promise
    this.#refuse = resolve
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** As the server said when it began to serve; undefined while it does not. */
  get mode(): string | undefined {
    return this.#mode
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Returns at once while the member serves. */
  async untilServing(): Promise<void> {
    if (this.#mode !== undefined) return
    await new Promise<void>((resolve) => this.#servingWaiters.push(resolve))
  }

  /** SIGTERM, and SIGKILL when that was not heard in time. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#child?.kill('SIGTERM')
    const { stopMs } = this.#options
    const timer = setTimeout(() => {
      this.#say(`does not stop within ${stopMs / 1_000} s and is killed`)
      this.#child?.kill('SIGKILL')
    }, stopMs)
    await this.#running
    clearTimeout(timer)
  }

  /** One life after the other. */
  async #run(): Promise<void> {
    for (let life = 1; !this.#isStopped; life++) {
      const { servedMs, reason, exitCode } = await this.#live(life)
      if (this.#isStopped) return
      if (exitCode === ExitCode.invalidInvocation && life === 1) return this.#giveUp(reason)
      const delayMs = this.#restartDelay.after(servedMs)
      const log = this.#options.files.log
      this.#say(`${reason}; starting it again in ${delayMs / 1_000} s (its log: ${log})`)
      await delay(delayMs, undefined, { signal: this.#stopped.signal }).catch(() => {})
    }
  }

  async #live(life: number): Promise<Death> {
    const { log } = this.#options.files
    makeRoom(log)
    const logLength = lengthOf(log)
    const child = this.#spawn()
    this.#child = child
    const death = untilDead(child)
    const ended = new AbortController()
    void death.then(() => ended.abort())
    const serving = this.#awaitServing(ended.signal, life)
    const reason = (await death) + lastWords(log, logLength)
    const servingSince = await serving
    this.#child = undefined
    this.#mode = undefined
    const servedMs = servingSince === undefined ? 0 : performance.now() - servingSince
    return { reason, servedMs, exitCode: child.exitCode }
  }

  #spawn(): ChildProcess {
    const { command, files } = this.#options
    const [program, ...words] = command
    const log = openSync(files.log, 'a')
    try {
      return spawn(program, [...words, 'server', files.configuration, '--stop-with-stdin'], {
        cwd: files.directory,
        // The pipe ends with this process, and the server with the pipe.
        stdio: ['pipe', log, log],
        // A terminal's interrupt is for the supervisor alone, which stops the members in order.
        detached: true,
      })
    } finally {
      closeSync(log)
    }
  }

  /** @returns since when the member serves; undefined when it ended before */
  async #awaitServing(ended: AbortSignal, life: number): Promise<number | undefined> {
    let reminderAt = performance.now() + reminderMs
    while (!ended.aborted) {
      const mode = await memberMode(this.plan.clientPort)
      if (ended.aborted) return undefined
      if (mode !== undefined) {
        this.#mode = mode
        for (const wake of this.#servingWaiters.splice(0)) wake()
        if (life > 1) this.#say(`serves again as ${mode} (process ${this.pid})`)
        return performance.now()
      }
      if (performance.now() > reminderAt) {
        this.#say(`does not serve yet (its log: ${this.#options.files.log})`)
        reminderAt += reminderMs
      }
      await delay(pollMs, undefined, { signal: ended }).catch(() => {})
    }
    return undefined
  }

  #giveUp(reason: string): void {
    const { configuration, log } = this.#options.files
    this.#refuse(
      new EnsembleError(
        'ENSEMBLE_MEMBER_REFUSED',
        `server ${this.plan.id} does not take its configuration: ${reason}; see the end of ${log}, and correct ${configuration}`,
      ),
    )
  }

  #say(text: string): void {
    this.#options.say(`server ${this.plan.id} ${text}`)
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }
}

interface Death {
  readonly reason: string
  readonly servedMs: number
  readonly exitCode: number | null
}

/** @returns what happened, as the end of a sentence whose subject is the server */
function untilDead(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    )
    // A server that ends before it reads is no failure of the pipe's.
    child.stdin?.once('error', () => {})
  })
}

function makeRoom(log: string): void {
  if (lengthOf(log) > logLengthMax) renameSync(log, `${log}.1`)
}

function lengthOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** What the server has told the operator, as against its log, about its end. */
function lastWords(log: string, start: number): string {
  const text = readEnd(log, Math.max(start, lengthOf(log) - lastWordsLengthMax))
  const line = text.split('\n').findLast((each) => each.startsWith('quorate server: '))
  return line === undefined ? '' : `, saying "${line.slice('quorate server: '.length)}"`
}

function readEnd(file: string, start: number): string {
  const bytes = Buffer.alloc(lastWordsLengthMax)
  const descriptor = openSync(file, 'r')
  try {
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, start))
  } finally {
    closeSync(descriptor)
  }
}
