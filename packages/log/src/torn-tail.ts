/**
 * What stands behind the last whole record of a log file: nothing, zeros, the remains of a write that a crash interrupted,
 * or damage.
 *
 * The rule has to tell the last two apart, since a record that was acknowledged may not be dropped:
 *
 * 1. A crash leaves of what was not synced a prefix, or any of its sectors, the others being zero as they were before. All of
 *    that lies in the last {@link unsyncedBytesMax} bytes of the data, because no more is ever written without a sync.
 * 2. So a broken record with no whole record behind it is torn: it is the end of the log.
 * 3. A broken record with whole ones behind it is torn only if rule 1 explains it: it lies near the end, and a whole sector
 *    between it and the next whole record is zero. Several records share one write, and its sectors reach the disk in any order.
 * 4. Everything else is damage, and refused. A synced sector that became all zeros would be taken for torn; disks that do that
 *    are outside of what a log without a copy can withstand.
 */
import { type Platform, readInt32, txnHeaderLength, txnType } from '@quorate/protocol'
import { chunkBytesDefault } from './chunk-reader.ts'
import type { Disk, DiskFile, Done } from './disk.ts'
import { asError } from './log-error.ts'
import {
  frameLength,
  frameStartLength,
  isFrameValid,
  isKnownTxnType,
  logHeaderLength,
  sectorBytes,
  txnZxid,
  unsyncedBytesMax,
} from './log-format.ts'

export interface LogTail {
  readonly file: string
  /** Where the whole records end. */
  readonly offset: number
  /**
   * `clean`: the file ends there. `padding`: only zeros follow. `torn`: the remains of a write follow that was never
   * acknowledged. `damaged`: records that were durable are lost.
   */
  readonly kind: 'clean' | 'padding' | 'torn' | 'damaged'
  /** What was found, as a sentence. */
  readonly reason: string
  /** Bytes between `offset` and the last one that is not zero. */
  readonly discardedBytes: number
}

export interface TailPlace {
  readonly file: DiskFile
  readonly path: string
  readonly platform: Platform
  /** Where the first record that is not whole starts. */
  readonly offset: number
  readonly reason: string
  /** The zxid of the last whole record; −1 when there is none. */
  readonly lastZxid: number
}

/** Judges what stands at `place.offset`. */
export function judgeTail(place: TailPlace): LogTail {
  const { path, offset, reason } = place
  const size = place.file.size()
  const dataEnd = findDataEnd(place.file, offset, size)
  const tail = { file: path, offset, discardedBytes: dataEnd - offset }
  if (dataEnd === offset) {
    return offset === size
      ? { ...tail, kind: 'clean', reason: 'the file ends behind a record' }
      : { ...tail, kind: 'padding', reason: 'only zeros follow' }
  }
  const next = findRecord(place, dataEnd)
  if (next < 0) return { ...tail, kind: 'torn', reason }
  const follows = `${reason}, and a whole record follows at byte ${next}`
  return dataEnd - offset <= unsyncedBytesMax && hasLostSector(place, next)
    ? { ...tail, kind: 'torn', reason: `${follows}; sectors of the last write are missing` }
    : { ...tail, kind: 'damaged', reason: follows }
}

/**
 * Cuts a torn tail and zeros off, so that nothing of them is judged again; a file without a record is removed. Also
 * makes durable what the file holds: records that a killed process wrote but never synced were read from the page cache, and
 * may not vanish after others have seen them. They are written again before the sync: after a sync that failed, the cache
 * takes pages for clean that never reached the disk, and the next sync passes them over and succeeds.
 */
export function settleTail(disk: Disk, directory: string, tail: LogTail, done: Done): void {
  try {
    if (tail.offset <= logHeaderLength) {
      disk.remove(tail.file)
      disk.syncDirectory(directory)
      return done()
    }
    const file = disk.openForWrite(tail.file, { truncate: false })
    if (tail.kind !== 'clean') file.truncate(tail.offset)
    rewrite(file, tail.offset, (syncError) => {
      try {
        file.close()
        disk.syncDirectory(directory)
      } catch (error) {
        return done(syncError ?? asError(error))
      }
      done(syncError)
    })
  } catch (error) {
    done(asError(error))
  }
}

/** Writes what may never have reached the disk again, which lies in the last bytes before `end`, and syncs. */
function rewrite(file: DiskFile, end: number, done: Done): void {
  const start = Math.max(0, end - unsyncedBytesMax)
  const bytes = new Uint8Array(end - start)
  file.read(bytes, 0, bytes.length, start)
  file.write(bytes, 0, bytes.length, start, (error) => {
    if (error === undefined) file.sync(done)
    else done(error)
  })
}

/** The end of the last byte in `[from, size)` that is not zero; `from` when all are. */
export function findDataEnd(file: DiskFile, from: number, size: number): number {
  const chunk = new Uint8Array(Math.min(chunkBytesDefault, size - from))
  let end = from
  for (let at = from; at < size;) {
    const count = file.read(chunk, 0, Math.min(chunk.length, size - at), at)
    if (count === 0) break
    let last = count - 1
    while (last >= 0 && chunk[last] === 0) last--
    if (last >= 0) end = at + last + 1
    at += count
  }
  return end
}

/** Where the first whole record behind the broken one starts, at any offset; −1 when there is none. */
function findRecord(place: TailPlace, dataEnd: number): number {
  const overlap = frameStartLength + txnHeaderLength
  const chunk = new Uint8Array(Math.min(chunkBytesDefault, dataEnd - place.offset) + overlap)
  for (let at = place.offset + 1; at < dataEnd; at += chunk.length - overlap) {
    const count = place.file.read(chunk, 0, Math.min(chunk.length, dataEnd - at), at)
    for (let i = 0; i + overlap <= count; i++) {
      if (chunk[i] !== 0 || !looksLikeRecord(chunk, i, place.lastZxid)) continue
      const length = readInt32(chunk, i + 8)
      if (at + i + frameLength + length > dataEnd) continue
      const record = new Uint8Array(frameLength + length)
      const whole = place.file.read(record, 0, record.length, at + i) === record.length
      if (whole && isFrameValid(record, 0, length, place.platform)) return at + i
    }
  }
  return -1
}

/** The cheap part of the test, which nearly every offset fails. */
function looksLikeRecord(bytes: Uint8Array, at: number, lastZxid: number): boolean {
  if (readInt32(bytes, at) !== 0 || readInt32(bytes, at + 8) < txnHeaderLength) return false
  const start = at + frameStartLength
  if (!isKnownTxnType(txnType(bytes, start))) return false
  return txnZxid(bytes, start, start + txnHeaderLength) > lastZxid
}

/**
 * Whether a sector between the broken record's start and the next whole record is all zero. Of the sector in which the broken
 * record starts only its own bytes count: 4 zeros, then its checksum, of which at least one byte has to be in the sector.
 */
function hasLostSector(place: TailPlace, nextRecord: number): boolean {
  const sector = new Uint8Array(sectorBytes)
  for (let at = place.offset; at < nextRecord;) {
    const sectorEnd = (Math.floor(at / sectorBytes) + 1) * sectorBytes
    const count = place.file.read(sector, 0, sectorEnd - at, at)
    if (count > 4 && sector.subarray(0, count).every((byte) => byte === 0)) return true
    at = sectorEnd
  }
  return false
}
