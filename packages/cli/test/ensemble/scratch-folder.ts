/** A folder for one test file, removed at its end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

export function scratchFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'quorate-ensemble-'))
  after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
