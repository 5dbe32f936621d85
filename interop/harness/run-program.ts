/** Runs a foreign program to its end, bounded in time. */
import { spawn } from 'node:child_process'

export interface ProgramRun {
  readonly command: string
  readonly words: readonly string[]
  /** Written to standard input, which is closed behind it. */
  readonly input?: string
  readonly timeoutMs: number
}

export interface ProgramResult {
  /** Null when the program was ended because its time was over. */
  readonly status: number | null
  readonly output: string
  readonly errors: string
}

export function runProgram(run: ProgramRun): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(run.command, run.words, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
    // A program that ends without reading its input is no failure of ours.
    child.stdin.on('error', () => {})
    child.stdin.end(run.input ?? '')
    const timer = setTimeout(() => child.kill('SIGKILL'), run.timeoutMs)
    child.once('error', (cause) => {
      clearTimeout(timer)
      reject(new Error(`${run.command} does not start`, { cause }))
    })
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, output, errors })
    })
  })
}
