/**
 * The names of the files on disk. Both directories hold their files in a folder `version-2`:
 *
 *     <dataLogDir>/version-2/log.<hex zxid of the first transaction in it>
 *     <dataDir>/version-2/snapshot.<hex zxid>[.gz|.snappy]
 */
import { formatZxid, type Zxid } from '@quorate/protocol'
import type { Disk } from './disk.ts'

export interface DataFile {
  readonly name: string
  readonly path: string
  readonly zxid: Zxid
}

export interface SnapshotFile extends DataFile {
  readonly compression: 'none' | 'gz' | 'snappy'
}

export function versionDirectory(directory: string): string {
  return `${directory}/version-2`
}

export function logName(zxid: Zxid): string {
  return `log.${formatZxid(zxid)}`
}

export function snapshotName(
  zxid: Zxid,
  compression: SnapshotFile['compression'] = 'none',
): string {
  const name = `snapshot.${formatZxid(zxid)}`
  return compression === 'none' ? name : `${name}.${compression}`
}

/** The zxid in `log.<hex>`, undefined for any other name. */
export function parseLogName(name: string): Zxid | undefined {
  return name.startsWith('log.') ? parseHex(name.slice(4)) : undefined
}

export function parseSnapshotName(
  name: string,
): { readonly zxid: Zxid; readonly compression: SnapshotFile['compression'] } | undefined {
  const [prefix, hex, extension, ...more] = name.split('.')
  if (prefix !== 'snapshot' || more.length > 0) return undefined
  const zxid = parseHex(hex ?? '')
  if (zxid === undefined) return undefined
  if (extension === undefined) return { zxid, compression: 'none' }
  return extension === 'gz' || extension === 'snappy' ? { zxid, compression: extension } : undefined
}

/** The log files of a version-2 directory, oldest first. */
export function listLogs(disk: Disk, directory: string): readonly DataFile[] {
  const files: DataFile[] = []
  for (const name of disk.list(directory)) {
    const zxid = parseLogName(name)
    if (zxid !== undefined) files.push({ name, path: `${directory}/${name}`, zxid })
  }
  return files.toSorted((a, b) => a.zxid - b.zxid)
}

/** The snapshots of a version-2 directory, newest first; of two with one zxid the uncompressed comes first. */
export function listSnapshots(disk: Disk, directory: string): readonly SnapshotFile[] {
  const files: SnapshotFile[] = []
  for (const name of disk.list(directory)) {
    const parsed = parseSnapshotName(name)
    if (parsed !== undefined) files.push({ name, path: `${directory}/${name}`, ...parsed })
  }
  return files.toSorted((a, b) => b.zxid - a.zxid || a.name.length - b.name.length)
}

export function fileSize(disk: Disk, path: string): number {
  const file = disk.openForRead(path)
  try {
    return file.size()
  } finally {
    file.close()
  }
}

/** Bytes of all snapshots and of all logs, padding included. */
export function directorySizes(
  disk: Disk,
  directories: { readonly data: string; readonly log: string },
): { readonly dataBytes: number; readonly logBytes: number } {
  const sum = (files: readonly DataFile[]): number =>
    files.reduce((total, file) => total + fileSize(disk, file.path), 0)
  return {
    dataBytes: sum(listSnapshots(disk, directories.data)),
    logBytes: sum(listLogs(disk, directories.log)),
  }
}

/** Hex that is a safe integer, thus a zxid of an epoch below 2^21. */
function parseHex(text: string): Zxid | undefined {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) return undefined
  const value = Number.parseInt(text, 16)
  return Number.isSafeInteger(value) ? value : undefined
}
