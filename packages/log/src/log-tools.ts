/** What is done to a log file by hand, with the server stopped. The file itself is never changed: the result is a copy. */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { LogFileReader } from './log-file-reader.ts'
import { logHeaderLength } from './log-format.ts'

export interface LogCopy {
  /** The copy's path. */
  readonly path: string
  readonly recordCount: number
  /** The last transaction in the copy; −1 when there is none. */
  readonly lastZxid: Zxid
  /** Why the copy ends where it does. */
  readonly reason: string
  /** Where in the original. */
  readonly offset: number
}

export type LogCopyDone = (error: Error | undefined, copy?: LogCopy) => void

const copyBytes = 1_048_576

/** Copies the records up to the first that is not whole to `<path>.fixed`. What stands behind it is lost. */
export function recoverLog(
  disk: Disk,
  path: string,
  done: LogCopyDone,
  platform: Platform = purePlatform,
): void {
  copyPrefix(disk, { path, to: `${path}.fixed`, upTo: Infinity, platform }, done)
}

/** Copies the records up to and with `zxid` to `<path>.chopped`. */
export function chopLog(
  disk: Disk,
  chop: { readonly path: string; readonly zxid: Zxid },
  done: LogCopyDone,
  platform: Platform = purePlatform,
): void {
  const { path, zxid } = chop
  copyPrefix(disk, { path, to: `${path}.chopped`, upTo: zxid, platform }, done)
}

interface PrefixCopy {
  readonly path: string
  readonly to: string
  readonly upTo: Zxid
  readonly platform: Platform
}

function copyPrefix(disk: Disk, task: PrefixCopy, done: LogCopyDone): void {
  try {
    const copy = findPrefix(disk, task)
    const source = disk.openForRead(task.path)
    const target = disk.openForWrite(task.to, { truncate: true })
    copyBytesTo(source, target, Math.max(copy.offset, logHeaderLength), (failure) => {
      try {
        source.close()
        target.close()
      } catch (error) {
        return done(failure ?? asError(error))
      }
      if (failure === undefined) done(undefined, copy)
      else done(failure)
    })
  } catch (error) {
    done(asError(error))
  }
}

/** How far the records may be copied, and why no further. */
function findPrefix(disk: Disk, task: PrefixCopy): LogCopy {
  const reader = new LogFileReader(disk, task.path, task.platform)
  let recordCount = 0
  let lastZxid = -1
  const end = (offset: number, reason: string): LogCopy => ({
    path: task.to,
    recordCount,
    lastZxid,
    reason,
    offset,
  })
  try {
    while (reader.next()) {
      if (reader.zxid > task.upTo) return end(reader.offset, 'a later zxid follows')
      recordCount++
      lastZxid = reader.zxid
    }
    const { offset, reason } = reader.tail!
    return end(offset, reason)
  } catch (error) {
    // A record that is whole but may not be there ends the prefix like one that is not whole.
    if (error instanceof LogError && error.offset !== undefined) {
      return end(error.offset, error.message)
    }
    throw error
  } finally {
    reader.close()
  }
}

function copyBytesTo(source: DiskFile, target: DiskFile, length: number, done: Done): void {
  const buffer = new Uint8Array(Math.min(copyBytes, length))
  const copyFrom = (at: number): void => {
    const count = source.read(buffer, 0, Math.min(buffer.length, length - at), at)
    if (count === 0) return target.sync(done)
    target.write(buffer, 0, count, at, (error) =>
      error === undefined ? copyFrom(at + count) : done(error),
    )
  }
  copyFrom(0)
}
