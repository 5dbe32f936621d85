/**
 * Which files are no longer needed: those that no recovery from one of the newest snapshots would read.
 *
 * Kept are the newest N snapshots that may be whole, and of the logs all that may hold a record after the oldest of them: the
 * ones that start later, and the one that was being written when it was taken.
 */
import { type DataFile, listLogs, listSnapshots } from './data-directories.ts'
import type { Disk } from './disk.ts'
import { isPlausibleSnapshot } from './snapshot-reader.ts'

/** Fewer would leave nothing to fall back to; Apache's minimum too. */
export const snapshotRetainCountMin = 3

export interface PurgeOptions {
  readonly disk: Disk
  /** The version-2 folder of dataDir. */
  readonly dataDirectory: string
  /** The version-2 folder of dataLogDir. */
  readonly logDirectory: string
  /** Snapshots to keep; below {@link snapshotRetainCountMin} counts as that. */
  readonly retainCount: number
}

/** The files that may go; nothing is removed. */
export function findPurgeable(options: PurgeOptions): readonly DataFile[] {
  const { disk, dataDirectory, logDirectory } = options
  const snapshots = listSnapshots(disk, dataDirectory)
  const count = Math.max(options.retainCount, snapshotRetainCountMin)
  const kept = snapshots.filter((snapshot) => isPlausibleSnapshot(disk, snapshot)).slice(0, count)
  const oldest = kept.at(-1)
  if (oldest === undefined) return []
  const logs = listLogs(disk, logDirectory)
  const firstNeeded = logs.findLast((log) => log.zxid <= oldest.zxid)?.zxid ?? 0
  return [
    ...snapshots.filter((snapshot) => snapshot.zxid < oldest.zxid),
    ...logs.filter((log) => log.zxid < firstNeeded),
  ]
}

/** Removes what {@link findPurgeable} finds, oldest snapshots last of all, and returns it. */
export function purge(options: PurgeOptions): readonly DataFile[] {
  const files = findPurgeable(options)
  for (const file of files.toReversed()) options.disk.remove(file.path)
  return files
}
