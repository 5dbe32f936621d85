/** The system's own commands, as ip, nft and mount are: run to their end, with their complaint in the error. */
import { execFile, spawnSync } from 'node:child_process'

/** @throws Error with what the command wrote to standard error */
export function run(words: readonly string[]): Promise<string> {
  const [command, ...rest] = words
  return new Promise((resolve, reject) => {
    execFile(command!, rest, { timeout: 30_000 }, (cause, output, complaint) => {
      if (cause === null) resolve(output)
      else reject(new Error(`${words.join(' ')}: ${complaint.trim() || cause.message}`, { cause }))
    })
  })
}

/**
 * The same at once, for probes and for the end of the process.
 * @returns the complaint; undefined when all went well
 */
export function complaintOf(words: readonly string[]): string | undefined {
  const [command, ...rest] = words
  const { status, stderr, error } = spawnSync(command!, rest, { encoding: 'utf8', timeout: 30_000 })
  if (status === 0) return undefined
  return (stderr ?? '').trim().split('\n')[0] || error?.message || `ended with ${status}`
}
