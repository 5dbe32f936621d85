/**
 * What a commit leaves in the data directory of every server that it changes:
 *
 *     <dataDir>/recover-<epoch>/recovery.json           what was done, and whether it was finished
 *     <dataDir>/recover-<epoch>/before/…                the files that were changed, as they were
 *     <dataDir>/recover-<epoch>/zoo.cfg.dynamic.<hex>   the new membership
 *
 * The record is there before the first change. One that is not finished says that the files may be half changed: the next commit takes
 * the membership from it and not from them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CommitRecord {
  readonly state: 'begun' | 'finished'
  /** The epoch that was accepted. */
  readonly epoch: number
  readonly startServerId: number
  /** In force until then. */
  readonly membershipBefore: string
  readonly membership: string
}

const recordName = 'recovery.json'
const folderPattern = /^recover-(\d{1,7})$/

export function recordFolder(dataDir: string, epoch: number): string {
  return join(dataDir, `recover-${epoch}`)
}

export function recordPath(dataDir: string, epoch: number): string {
  return join(recordFolder(dataDir, epoch), recordName)
}

/** The newest one that was begun and not finished, unless a later one was finished. */
export function unfinishedRecord(dataDir: string): CommitRecord | undefined {
  const epochs = readdirSync(dataDir)
    .map((name) => Number(folderPattern.exec(name)?.[1] ?? Number.NaN))
    .filter((epoch) => Number.isSafeInteger(epoch))
    .toSorted((a, b) => b - a)
  for (const epoch of epochs) {
    const record = readRecord(recordPath(dataDir, epoch))
    if (record !== undefined) return record.state === 'begun' ? record : undefined
  }
  return undefined
}

/** Undefined when it was not written whole: nothing was changed then. */
function readRecord(path: string): CommitRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as CommitRecord
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
