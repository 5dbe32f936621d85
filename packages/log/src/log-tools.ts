/** What is done to a log file by hand, with the server stopped. The file itself is never changed: the result is a copy. */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { LogFileReader } from './log-file-reader.ts'
import { findDataEnd } from './torn-tail.ts'

export interface LogCopy {
  /** The copy's path. */
  readonly path: string
  readonly recordCount: number
  /** The last transaction in the copy; −1 when there is none. */
  readonly lastZxid: Zxid
  /** `zxid`: a later one follows. `end`: the original ends. `damage`: what follows is not whole, or may not be there. */
  readonly endedBy: 'zxid' | 'end' | 'damage'
  /** Why the copy ends where it does. */
  readonly reason: string
  /** Where in the original. */
  readonly offset: number
  /** Bytes of the original behind {@link offset}, without the zeros at its end. */
  readonly leftOutBytes: number
}

/** What to copy, and where to. A file that is at `to` is overwritten. */
export interface LogCopyPlan {
  readonly path: string
  readonly to: string
}

export type LogCopyDone = (error: Error | undefined, copy?: LogCopy) => void

const copyBytes = 1_048_576

/** Copies the records up to the first that is not whole. What stands behind it is lost. */
export function recoverLog(
  disk: Disk,
  plan: LogCopyPlan,
  done: LogCopyDone,
  platform: Platform = purePlatform,
): void {
  copyPrefix(disk, { ...plan, upTo: Infinity, platform }, done)
}

/** Copies the records up to and with `zxid`. */
export function chopLog(
  disk: Disk,
  chop: LogCopyPlan & { readonly zxid: Zxid },
  done: LogCopyDone,
  platform: Platform = purePlatform,
): void {
  copyPrefix(disk, { path: chop.path, to: chop.to, upTo: chop.zxid, platform }, done)
}

interface PrefixCopy extends LogCopyPlan {
  readonly upTo: Zxid
  readonly platform: Platform
}

function copyPrefix(disk: Disk, task: PrefixCopy, done: LogCopyDone): void {
  try {
    const copy = measurePrefix(disk, task)
    const target = disk.openForWrite(task.to, { truncate: true })
    const source = disk.openForRead(task.path)
    copyBytesTo(source, target, copy.offset, (failure) => {
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

function measurePrefix(disk: Disk, task: PrefixCopy): LogCopy {
  const prefix = findPrefix(disk, task)
  const source = disk.openForRead(task.path)
  try {
    const dataEnd = findDataEnd(source, prefix.offset, source.size())
    return { ...prefix, leftOutBytes: dataEnd - prefix.offset }
  } finally {
    source.close()
  }
}

/** How far the records may be copied, and why no further. */
function findPrefix(disk: Disk, task: PrefixCopy): Omit<LogCopy, 'leftOutBytes'> {
  const reader = new LogFileReader(disk, task.path, task.platform)
  let recordCount = 0
  let lastZxid = -1
  const end = (endedBy: LogCopy['endedBy'], offset: number, reason: string) => {
    return { path: task.to, recordCount, lastZxid, endedBy, offset, reason }
  }
  try {
    if (reader.header === undefined) {
      throw new LogError('LOG_BAD_HEADER', 'not even a header is left of the file', {
        file: task.path,
        offset: 0,
      })
    }
    while (reader.next()) {
      if (reader.zxid > task.upTo) return end('zxid', reader.offset, 'a later zxid follows')
      recordCount++
      lastZxid = reader.zxid
    }
    const { kind, offset, reason } = reader.tail!
    return end(kind === 'clean' || kind === 'padding' ? 'end' : 'damage', offset, reason)
  } catch (error) {
    // A record that is whole but may not be there ends the prefix like one that is not whole.
    if (error instanceof LogError && error.offset !== undefined && reader.header !== undefined) {
      return end('damage', error.offset, error.message)
    }
    throw error
  } finally {
    reader.close()
  }
}

function copyBytesTo(source: DiskFile, target: DiskFile, length: number, done: Done): void {
  const buffer = new Uint8Array(Math.min(copyBytes, length))
  let at = 0
  let isWriting = false
  let isLooping = false
  // A write that completes at once lets the loop go on, so that a large file does not make a deep stack.
  const proceed = (): void => {
    if (isLooping) return
    isLooping = true
    while (!isWriting) {
      const count = source.read(buffer, 0, Math.min(buffer.length, length - at), at)
      if (count === 0) return target.sync(done)
      isWriting = true
      target.write(buffer, 0, count, at, (error) => {
        if (error !== undefined) return done(error)
        at += count
        isWriting = false
        proceed()
      })
    }
    isLooping = false
  }
  proceed()
}
