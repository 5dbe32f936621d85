/** The simulator as a process: runs seeds and prints what they found. */
import { type Output, runSeeds, type SeedRuns } from './seed-runs.ts'

export type { SeedRuns } from './seed-runs.ts'

/** @returns how many seeds found something */
export function printSeeds(runs: SeedRuns): Promise<number> {
  return runSeeds(runs, process.stdout.isTTY ? new Terminal() : new Lines())
}

/** A file or a pipe: progress comes as a line now and then. */
class Lines implements Output {
  #progressCount = 0

  line(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  progress(text: string): void {
    if (++this.#progressCount % 50 === 0) this.line(text)
  }
}

class Terminal implements Output {
  #hasProgress = false

  line(text: string): void {
    process.stdout.write(`${this.#cleared()}${text}\n`)
  }

  progress(text: string): void {
    process.stdout.write(`${this.#cleared()}${text}`)
    this.#hasProgress = true
  }

  #cleared(): string {
    if (!this.#hasProgress) return ''
    this.#hasProgress = false
    return '\r\u001B[K'
  }
}
