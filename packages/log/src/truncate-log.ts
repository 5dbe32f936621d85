/**
 * Takes a server's history back to a zxid, as a leader asks for with TRUNC: every record after it is dropped, and every
 * snapshot that holds one.
 *
 * 1. Nothing is touched unless the history at exactly that zxid can be recovered afterwards.
 * 2. A crash in between leaves a longer history, never one with a hole: files go newest first.
 *
 * Compatibility: Apache keeps one record too many when the zxid is not in the log, and leaves newer snapshots where they are.
 */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import { type DataFile, listLogs, listSnapshots } from './data-directories.ts'
import type { Disk, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { isSuccessor, logHeaderLength } from './log-format.ts'
import { isPlausibleSnapshot } from './snapshot-reader.ts'
import { TxnLogReader } from './txn-log-reader.ts'

export interface TruncateLogOptions {
  readonly disk: Disk
  /** The version-2 folder of dataDir. */
  readonly dataDirectory: string
  /** The version-2 folder of dataLogDir. */
  readonly logDirectory: string
  /** The last transaction that stays. */
  readonly zxid: Zxid
  readonly platform?: Platform
}

interface Cut {
  readonly file: string
  readonly offset: number
}

/**
 * Drops what comes after `zxid`; the log may not be open for writing. The tree has to be recovered anew afterwards.
 * Hands LOG_TRUNCATE_IMPOSSIBLE to `done` when the history does not hold that zxid, or no snapshot is old enough.
 */
export function truncateLog(options: TruncateLogOptions, done: Done): void {
  try {
    const cut = findCut(options)
    const { disk, dataDirectory, logDirectory, zxid } = options
    const snapshots = listSnapshots(disk, dataDirectory)
    removeAll(
      disk,
      dataDirectory,
      snapshots.filter((snapshot) => snapshot.zxid > zxid),
    )
    if (cut === undefined) return done()
    const logs = listLogs(disk, logDirectory)
    const kept = logs.findIndex((log) => log.path === cut.file)
    const first = cut.offset <= logHeaderLength ? kept : kept + 1
    removeAll(disk, logDirectory, logs.slice(first).toReversed())
    if (first === kept) done()
    else cutFile(disk, cut, done)
  } catch (error) {
    done(asError(error))
  }
}

/** Where the first record after the zxid starts; undefined when there is none. */
function findCut(options: TruncateLogOptions): Cut | undefined {
  const { disk, zxid } = options
  const base = listSnapshots(disk, options.dataDirectory).find(
    (snapshot) => snapshot.zxid <= zxid && isPlausibleSnapshot(disk, snapshot),
  )
  if (base === undefined) throw impossible(options, 'no snapshot is as old as that')
  const { cut, last } = readAround(options, base.zxid)
  if (last !== zxid) throw impossible(options, `the last one before it is 0x${last.toString(16)}`)
  return cut
}

/**
 * The last record up to the zxid, and the first one after it. Reads to the end of the log: a hole behind the zxid would
 * be in the way of a start between two steps of the truncation.
 */
function readAround(
  options: TruncateLogOptions,
  base: Zxid,
): { readonly last: Zxid; readonly cut: Cut | undefined } {
  const reader = new TxnLogReader({
    disk: options.disk,
    directory: options.logDirectory,
    after: base,
    platform: options.platform ?? purePlatform,
  })
  let last = base
  let cut: Cut | undefined
  try {
    for (let before = base; reader.next(); before = reader.zxid) {
      if (!isSuccessor(before, reader.zxid)) {
        throw impossible(options, `records are missing before 0x${reader.zxid.toString(16)}`)
      }
      if (reader.zxid <= options.zxid) last = reader.zxid
      else cut ??= reader.place
    }
  } catch (error) {
    if (!(error instanceof LogError) || error.code === 'LOG_TRUNCATE_IMPOSSIBLE') throw error
    throw impossible(options, `the log can't be read: ${error.message}`, error)
  } finally {
    reader.close()
  }
  return { last, cut }
}

function impossible(options: TruncateLogOptions, found: string, cause?: LogError): LogError {
  return new LogError(
    'LOG_TRUNCATE_IMPOSSIBLE',
    `the history can't be cut at zxid 0x${options.zxid.toString(16)}, because ${found}; synchronise with a whole snapshot instead`,
    { file: options.logDirectory, cause },
  )
}

function removeAll(disk: Disk, directory: string, files: readonly DataFile[]): void {
  for (const file of files) disk.remove(file.path)
  if (files.length > 0) disk.syncDirectory(directory)
}

function cutFile(disk: Disk, cut: Cut, done: Done): void {
  const file = disk.openForWrite(cut.file, { truncate: false })
  file.truncate(cut.offset)
  file.sync((failure) => {
    try {
      file.close()
    } catch (error) {
      return done(failure ?? asError(error))
    }
    done(failure)
  })
}
