/** A worker, seen from the run: its process, which can be killed and stopped, and its journal. */
import { join } from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import { ChildProgram } from '../harness/child-program.ts'
import { Journal } from './journal.ts'
import { nowUs } from './words.ts'
import type { WorkerPlan } from './worker/main.ts'

const program = join(import.meta.dirname, 'worker', 'main.ts')

/** Of a process that stood still, on the clock of the machine. */
export interface Pause {
  readonly fromUs: number
  readonly toUs: number
}

export class WorkerProcess {
  readonly name: string
  readonly journal: Journal
  readonly pauses: Pause[] = []
  readonly #program: ChildProgram
  readonly #outputFile: string
  #stoppedAtUs: number | undefined
  #killedAtUs: number | undefined
  #isMeantToEnd = false

  static async start(
    directory: string,
    plan: Omit<WorkerPlan, 'journalFile'>,
  ): Promise<WorkerProcess> {
    const journalFile = join(directory, `${plan.name}.jsonl`)
    const outputFile = join(directory, `${plan.name}.log`)
    const full: WorkerPlan = { ...plan, journalFile }
    const child = await ChildProgram.start({
      command: process.execPath,
      words: ['--conditions=source', program, JSON.stringify(full)],
      logFile: outputFile,
    })
    return new WorkerProcess(plan.name, child, new Journal(journalFile), outputFile)
  }

  private constructor(name: string, child: ChildProgram, journal: Journal, outputFile: string) {
    this.name = name
    this.#program = child
    this.journal = journal
    this.#outputFile = outputFile
  }

  get isRunning(): boolean {
    return this.#program.isRunning
  }

  /** Whether it was killed, so that it could not say all. */
  get wasKilled(): boolean {
    return this.#isMeantToEnd && this.journal.last('closed') === undefined
  }

  /** What a worker that ended by itself, or a warning, has left. */
  get problem(): string | undefined {
    const output = existsSync(this.#outputFile) ? readFileSync(this.#outputFile, 'utf8').trim() : ''
    if (!this.isRunning && !this.#isMeantToEnd) return `${this.name} ended by itself: ${output}`
    return output === '' ? undefined : `${this.name} says ${output}`
  }

  /** When it was gone at the latest; undefined if it was not killed. */
  get killedAtUs(): number | undefined {
    return this.wasKilled ? this.#killedAtUs : undefined
  }

  async kill(): Promise<void> {
    this.#isMeantToEnd = true
    await this.#program.kill()
    this.#killedAtUs = nowUs()
  }

  suspend(): void {
    this.#program.signal('SIGSTOP')
    this.#stoppedAtUs = nowUs()
  }

  resume(): void {
    if (this.#stoppedAtUs === undefined) return
    this.pauses.push({ fromUs: this.#stoppedAtUs, toUs: nowUs() })
    this.#stoppedAtUs = undefined
    this.#program.signal('SIGCONT')
  }

  /** Nothing new is begun. */
  rest(): void {
    this.#program.signal('SIGUSR2')
  }

  /** It leaves everything and closes its session. */
  leave(): void {
    this.#isMeantToEnd = true
    this.#program.signal('SIGTERM')
  }

  get ended(): Promise<void> {
    return this.#program.exited
  }
}
