/**
 * Standard output of the commands that print whole files. It is written in blocks and at once, so that a listing of any
 * length takes little memory, and a reader that has seen enough (`| head`) ends the work and not only the printing.
 */
import { writeSync } from 'node:fs'

export interface TextOutput {
  line(text: string): void
  /** A line for the operator, not part of the listing: on standard error, behind what was printed so far. */
  notice(text: string): void
  /** Writes out what was printed so far. */
  flush(): void
}

/** Nobody reads the output any more. */
class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError'
}

/** Carries out a command that prints. @returns its exit code; 0 when nobody reads what it prints any more */
export async function printing(output: TextOutput, work: () => Promise<number>): Promise<number> {
  try {
    const exitCode = await work()
    output.flush()
    return exitCode
  } catch (error) {
    if (!isOutputClosed(error)) throw error
    return 0
  }
}

/** Also finds it under the error of a caller in between. */
export function isOutputClosed(error: unknown): boolean {
  if (error instanceof OutputClosedError) return true
  return error instanceof Error && error.cause !== undefined && isOutputClosed(error.cause)
}

const blockLength = 65_536
const descriptor = 1
const retryMs = 5

export class StandardOutput implements TextOutput {
  #text = ''

  line(text: string): void {
    this.#text += `${text}\n`
    if (this.#text.length >= blockLength) this.flush()
  }

  notice(text: string): void {
    this.flush()
    process.stderr.write(`${text}\n`)
  }

  flush(): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    for (let at = 0; at < bytes.length;) at += writeSome(bytes, at)
  }
}

function writeSome(bytes: Uint8Array, at: number): number {
  try {
    return writeSync(descriptor, bytes, at)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE') throw new OutputClosedError('the output was closed', { cause: error })
    if (code !== 'EAGAIN') throw error
    // Whoever started us made the pipe non-blocking, and it is full.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs)
    return 0
  }
}
