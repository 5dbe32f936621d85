/** The lines typed in earlier shells, newest first, as node:readline keeps them. A file that cannot be used is done without. */
import { readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const historySize = 1000

export function historyPath(environment: NodeJS.ProcessEnv): string {
  return environment['QUORATE_HISTORY'] ?? join(homedir(), '.quorate_history')
}

export function readHistory(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

/** Lines with credentials are not kept. */
export function writeHistory(path: string, lines: readonly string[]): void {
  const kept = lines.filter((line) => !/^\s*addauth\b/.test(line)).slice(0, historySize)
  try {
    writeFileSync(path, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  } catch {
    // A home folder that cannot be written to is no reason to stop.
  }
}
