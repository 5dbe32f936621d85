/** Runs one of the Python scripts beside this file, which use Debian's kazoo, against a server. */
import { join } from 'node:path'
import { installForeignPrograms } from '../harness/install.ts'
import { type ProgramResult, runProgram } from '../harness/run-program.ts'

/** Debian's own Python: others on the machine do not have its packages. */
export const python = '/usr/bin/python3'

export function runKazooScript(script: string, words: readonly string[]): Promise<ProgramResult> {
  installForeignPrograms()
  return runProgram({
    command: python,
    words: [join(import.meta.dirname, 'kazoo', script), ...words],
    timeoutMs: 60_000,
  })
}
