/**
 * A whole state that came from the leader takes the place of all history that this server had.
 *
 * All other history goes, because a log with a hole must never be handed on (ZOOKEEPER-2846), and because a newer snapshot of
 * a history that was dropped must not win at the next start (ZOOKEEPER-1549). That takes several steps, and a crash between two of them
 * may leave neither the state without what was acknowledged, nor both histories mixed. So:
 *
 * 1. The state is a durable file `received.<hex zxid>` before anything else is touched: from then on it is the history.
 * 2. Each start, before it looks for a snapshot, finishes what is left to do for such a file. It gets the name of a snapshot when
 *    no other snapshot or log is left.
 */
import { formatZxid, type Zxid } from '@quorate/protocol'
import { type DataFile, listLogs, listSnapshots, snapshotName } from './data-directories.ts'
import type { Disk } from './disk.ts'

/** The version-2 folders. */
export interface HistoryDirectories {
  readonly dataDirectory: string
  readonly logDirectory: string
}

const prefix = 'received.'

/** The point of no return: puts the durable file `temporary`, a whole snapshot at `zxid`, in the place of the history. */
export function adoptReceivedState(
  disk: Disk,
  directories: HistoryDirectories,
  state: { readonly temporary: string; readonly zxid: Zxid },
): void {
  const { dataDirectory } = directories
  disk.rename(state.temporary, `${dataDirectory}/${prefix}${formatZxid(state.zxid)}`)
  disk.syncDirectory(dataDirectory)
  finishReceivedState(disk, directories)
}

/** The file that the next start makes the whole history of, if an {@link adoptReceivedState} was interrupted. */
export function pendingReceivedState(disk: Disk, dataDirectory: string): DataFile | undefined {
  for (const name of disk.list(dataDirectory)) {
    const zxid = receivedZxid(name)
    if (zxid !== undefined) return { name, path: `${dataDirectory}/${name}`, zxid }
  }
  return undefined
}

/** Does what an interrupted {@link adoptReceivedState} left to do, if anything. */
export function finishReceivedState(disk: Disk, directories: HistoryDirectories): void {
  const { dataDirectory, logDirectory } = directories
  for (const name of disk.list(dataDirectory)) {
    const zxid = receivedZxid(name)
    if (zxid === undefined) continue
    // Newest first: a version that knows nothing of the file finds a shorter history then, not one with a hole.
    removeAll(disk, logDirectory, listLogs(disk, logDirectory).toReversed())
    removeAll(disk, dataDirectory, listSnapshots(disk, dataDirectory))
    const snapshot = snapshotName(zxid)
    disk.rename(`${dataDirectory}/${name}`, `${dataDirectory}/${snapshot}`)
    disk.syncDirectory(dataDirectory)
  }
}

function receivedZxid(name: string): Zxid | undefined {
  const hex = name.slice(prefix.length)
  return name.startsWith(prefix) && /^[0-9a-f]{1,14}$/.test(hex)
    ? Number.parseInt(hex, 16)
    : undefined
}

function removeAll(disk: Disk, directory: string, files: readonly DataFile[]): void {
  for (const file of files) disk.remove(file.path)
  if (files.length > 0) disk.syncDirectory(directory)
}
