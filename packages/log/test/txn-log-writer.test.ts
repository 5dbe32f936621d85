import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogFileReader, MemoryDisk, TxnLog, TxnLogReader } from '@quorate/log'
import { encode, JuteReader, OpCode, type SessionId, txn } from '@quorate/protocol'
import {
  createTxn,
  directory,
  fixture,
  range,
  readZxids,
  rethrow,
  writeLog,
} from './log-builder.ts'

test('the records of a log of Apache 3.9 are written to the same bytes', () => {
  const bytes = fixture('log.1.from-3.9.6')
  const disk = new MemoryDisk()
  disk.install('/apache/log.1', bytes)
  const reader = new LogFileReader(disk, '/apache/log.1')
  const log = new TxnLog(disk, directory, { preallocateBytes: 0 })
  while (reader.next()) log.append(reader.zxid, reader.bytes.slice(reader.start, reader.end))
  log.sync(rethrow)
  const written = disk.contents(`${directory}/log.1`)
  assert.deepEqual(written, bytes.subarray(0, reader.tail!.offset))
})

test('a file is made at the first append and named for its zxid', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  log.sync(rethrow)
  assert.deepEqual(disk.list(directory), [])
  log.append(0x1_0000_000a, createTxn(0x1_0000_000a))
  log.sync(rethrow)
  assert.deepEqual(disk.list(directory), ['log.10000000a'])
})

test('a roll between two appends of one sync sends each to its file', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  log.append(1, createTxn(1))
  log.sync(rethrow)
  log.append(2, createTxn(2))
  log.roll()
  log.roll()
  log.append(3, createTxn(3))
  log.roll()
  log.append(4, createTxn(4))
  log.sync(rethrow)
  assert.deepEqual(disk.list(directory), ['log.1', 'log.3', 'log.4'])
  assert.deepEqual(readZxids(disk), [1, 2, 3, 4])
})

test('a file larger than the limit is followed by another', () => {
  const disk = new MemoryDisk()
  writeLog(
    disk,
    range(1, 30).map((zxid) => [zxid]),
    { fileSizeMax: 1_000 },
  )
  assert.ok(disk.list(directory).length > 2)
  assert.deepEqual(readZxids(disk), range(1, 30))
})

test('zeros go behind a record that is being written', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const log = new TxnLog(disk, directory)
  log.append(1, createTxn(1))
  // As in group commit: what came during a sync is written as soon as it is done, before zeros are.
  log.sync(() => {
    log.append(2, createTxn(2))
    log.sync(rethrow)
  })
  while (disk.completeNext());
  assert.deepEqual(readZxids(disk), [1, 2])
})

test('zeros are written ahead and cut off when the file is closed', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  log.append(1, createTxn(1))
  log.sync(rethrow)
  const { length } = disk.contents(`${directory}/log.1`)
  assert.ok(length > 60_000)
  assert.deepEqual(readZxids(disk), [1])
  log.close(rethrow)
  assert.equal(disk.contents(`${directory}/log.1`).length, 16 + 13 + createTxn(1).length)
})

test('a write that reaches into zeros under way waits for them', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const log = new TxnLog(disk, directory)
  const acked: number[] = []
  const large = createTxn(2, new Uint8Array(100_000).fill(1))
  log.append(1, createTxn(1))
  log.sync(() => acked.push(1))
  disk.completeNext()
  disk.completeNext()
  log.append(2, large)
  log.sync(() => acked.push(2))
  assert.equal(disk.pendingCount, 1, 'only the zeros are under way')
  while (disk.completeNext());
  assert.deepEqual(acked, [1, 2])
  assert.deepEqual(readZxids(disk), [1, 2])
})

test('ZOOKEEPER-4306: transactions far longer than jute.maxbuffer are written and read back', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  const type = OpCode.closeSession
  const paths2Delete = range(1, 5_000).map((i) => `/${'long-'.repeat(50)}${i}`)
  const header = { clientId: 1n as SessionId, cxid: 1, zxid: 2, time: 1_000, type }
  const closing = encode(txn, { header, body: { type, paths2Delete }, digest: undefined })
  assert.ok(closing.length > 1_048_576)
  log.append(1, createTxn(1))
  log.append(2, closing)
  // Longer than what is written between two syncs.
  log.append(3, createTxn(3, new Uint8Array(9 * 1_048_576)))
  log.append(4, createTxn(4))
  log.sync(rethrow)
  disk.crash()
  assert.deepEqual(readZxids(disk), [1, 2, 3, 4])
  const reader = new TxnLogReader({ disk, directory, after: 1 })
  assert.ok(reader.next())
  const { bytes, start, end } = reader
  assert.deepEqual(txn.decode(new JuteReader(bytes, start, end)).body, { type, paths2Delete })
})

test('what is appended during a sync goes with the next one', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const log = new TxnLog(disk, directory, { preallocateBytes: 0 })
  const acked: string[] = []
  log.append(1, createTxn(1))
  log.sync(() => acked.push('first'))
  for (const zxid of range(2, 900)) log.append(zxid, createTxn(zxid))
  disk.completeNext()
  disk.completeNext()
  assert.deepEqual(acked, ['first'])
  assert.deepEqual(readZxids(disk), [1])
  log.sync(() => acked.push('second'))
  assert.equal(disk.pendingCount, 1)
  disk.completeNext()
  disk.completeNext()
  assert.deepEqual(acked, ['first', 'second'])
  assert.deepEqual(readZxids(disk), range(1, 900))
})

test('a failed sync is handed on, and the log takes nothing any more', () => {
  const disk = new MemoryDisk({ failsSync: (count) => count === 2 })
  const log = new TxnLog(disk, directory)
  const outcomes: (string | undefined)[] = []
  log.append(1, createTxn(1))
  log.sync((error) => outcomes.push(error?.message))
  log.append(2, createTxn(2))
  log.sync((error) => outcomes.push((error as { code?: string }).code))
  log.sync((error) => outcomes.push((error as { code?: string }).code))
  assert.deepEqual(outcomes, [undefined, 'LOG_FAILED', 'LOG_FAILED'])
  assert.throws(() => log.append(3, createTxn(3)), { code: 'LOG_FAILED' })
  assert.equal((log.failure!.cause as { code?: string }).code, 'EIO')
  assert.equal(disk.syncCount, 2, 'a failed sync is never tried again')
  disk.crash()
  assert.deepEqual(readZxids(disk), [1])
})

test('a full disk fails the log, but not for zeros written ahead', () => {
  const disk = new MemoryDisk({ capacityBytes: 10_000 })
  const log = new TxnLog(disk, directory)
  let zxid = 0
  while (log.failure === undefined) {
    log.append(++zxid, createTxn(zxid))
    log.sync(() => {})
  }
  assert.equal((log.failure.cause as { code?: string }).code, 'ENOSPC')
  assert.ok(zxid > 60, 'records fill the disk to its end')
  assert.deepEqual(readZxids(disk), range(1, zxid - 1))
})

test('a zxid that does not grow, and a file that is there already, are refused', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  log.append(5, createTxn(5))
  assert.throws(() => log.append(5, createTxn(5)), { code: 'LOG_ORDER' })
  disk.install(`${directory}/log.5`, new Uint8Array(3))
  log.sync(() => {})
  assert.equal((log.failure!.cause as { code?: string }).code, 'LOG_FILE_EXISTS')
  assert.equal(disk.contents(`${directory}/log.5`).length, 3)
})

test('what a disk throws instead of handing it over fails the log as well', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory, { preallocateBytes: 0 })
  log.append(1, createTxn(1))
  log.sync(rethrow)
  disk.crash()
  log.append(2, createTxn(2))
  log.sync(() => {})
  assert.equal((log.failure?.cause as { code?: string } | undefined)?.code, 'EBADF')
})

test('an error of the caller in done stays the caller’s', () => {
  const log = new TxnLog(new MemoryDisk(), directory)
  log.append(1, createTxn(1))
  const mistake = new Error('a mistake of the caller')
  const fail = (): void =>
    log.sync(() => {
      throw mistake
    })
  assert.throws(fail, mistake)
  assert.equal(log.failure, undefined)
})
