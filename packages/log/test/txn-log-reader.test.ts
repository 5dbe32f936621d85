import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, OpCode, type SessionId, txn, txnHeader } from '@quorate/protocol'
import { LogFileReader, MemoryDisk, settleTail, TxnLog, TxnLogReader } from '@quorate/log'
import {
  createTxn,
  directory,
  fixture,
  range,
  readZxids,
  rethrow,
  writeLog,
} from './log-builder.ts'

const paddedLog = fixture('log.1.from-3.9.6')

test('logs of Apache are read to their end', () => {
  const cases = [
    ['log.1.from-3.9.6', range(1, 11), 'padding'],
    ['log.100000001.from-3.8.0', [0x1_0000_0001, 0x1_0000_0002], 'padding'],
    ['log.100000001.truncated-by-TRUNC.from-3.8.0', [0x1_0000_0001, 0x1_0000_0002], 'clean'],
  ] as const
  for (const [name, zxids, tail] of cases) {
    const disk = new MemoryDisk()
    disk.install(`${directory}/log.1`, fixture(name))
    const reader = new LogFileReader(disk, `${directory}/log.1`)
    const read: number[] = []
    while (reader.next()) read.push(reader.zxid)
    assert.deepEqual(read, zxids, name)
    assert.equal(reader.tail?.kind, tail, name)
  }
})

test('reading starts in the file that holds the zxid', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2, 3]])
  writeLog(disk, [[4, 5, 6]])
  writeLog(disk, [[7]])
  assert.deepEqual(readZxids(disk, 0), range(1, 7))
  assert.deepEqual(readZxids(disk, 4), [5, 6, 7])
  assert.deepEqual(readZxids(disk, 6), [7])
  assert.deepEqual(readZxids(disk, 9), [])
})

test('a hole between files, or behind the zxid asked for, is refused', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2]])
  writeLog(disk, [[4, 5]])
  assert.throws(() => readZxids(disk), { code: 'LOG_HOLE', message: /0x4 after 0x2/ })
  assert.deepEqual(readZxids(disk, 3), [4, 5])
  const late = new MemoryDisk()
  writeLog(late, [[4, 5]])
  assert.throws(() => readZxids(late, 2), { code: 'LOG_HOLE' })
})

test('the start of a later epoch continues the log, its middle does not', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2]])
  writeLog(disk, [[0x3_0000_0001]])
  assert.deepEqual(readZxids(disk), [1, 2, 0x3_0000_0001])
  writeLog(disk, [[0x4_0000_0002]])
  assert.throws(() => readZxids(disk), { code: 'LOG_HOLE' })
})

test('an empty file is the end of the log, but only as the last one', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1]])
  disk.install(`${directory}/log.2`, new Uint8Array(0))
  assert.deepEqual(readZxids(disk), [1])
  writeLog(disk, [[3]])
  assert.throws(() => readZxids(disk), { code: 'LOG_CUT' })
})

test('a torn record in an earlier file is accepted when the next file holds its zxid', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2, 3]])
  const bytes = disk.contents(`${directory}/log.1`)
  disk.install(`${directory}/log.1`, bytes.subarray(0, -20))
  const goesOn = new MemoryDisk()
  goesOn.install(`${directory}/log.1`, bytes.subarray(0, -20))
  writeLog(goesOn, [[3, 4]])
  assert.deepEqual(readZxids(goesOn), [1, 2, 3, 4])
  writeLog(disk, [[0x1_0000_0001]])
  assert.throws(() => readZxids(disk), { code: 'LOG_CUT' })
})

test('ZOOKEEPER-2623: records that are whole but cannot be are refused with their place', () => {
  const header = { clientId: 1n as SessionId, cxid: 1, zxid: 2, time: 1 }
  const cases: readonly [string, Uint8Array][] = [
    ['LOG_UNKNOWN_TYPE', encode(txnHeader, { ...header, type: 99 })],
    ['LOG_UNKNOWN_TYPE', encode(txnHeader, { ...header, type: OpCode.check })],
    ['LOG_BAD_RECORD', new Uint8Array(31)],
    ['LOG_BAD_RECORD', createTxn(2).fill(0x7f, 12, 20)],
    ['LOG_ORDER', createTxn(1, new Uint8Array(8))],
  ]
  for (const [code, bytes] of cases) {
    const disk = new MemoryDisk()
    const log = new TxnLog(disk, directory)
    log.append(1, createTxn(1))
    log.append(2, bytes)
    log.close(rethrow)
    const place = { file: `${directory}/log.1`, offset: 16 + 13 + createTxn(1).length }
    assert.throws(() => readZxids(disk), { code, ...place })
  }
})

test('a createTTL without a time to live, which kills Apache, is read', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  const type = OpCode.createTTL
  const body = { type, path: '/x', data: null, acl: [], parentCVersion: 1, ttl: -1 }
  const header = { clientId: 1n as SessionId, cxid: 1, zxid: 1, time: 1, type }
  log.append(1, encode(txn, { header, body, digest: undefined }))
  log.close(rethrow)
  assert.deepEqual(readZxids(disk), [1])
})

test('a log cut at any byte is read to its last whole record, and settled there', () => {
  const whole = new MemoryDisk()
  writeLog(whole, [range(1, 5)])
  const bytes = whole.contents(`${directory}/log.1`)
  const recordLength = 13 + createTxn(1).length
  for (let length = 0; length < bytes.length; length++) {
    const disk = new MemoryDisk()
    disk.install(`${directory}/log.1`, bytes.subarray(0, length))
    const count = Math.max(0, Math.floor((length - 16) / recordLength))
    const reader = new TxnLogReader({ disk, directory, after: 0 })
    while (reader.next());
    assert.equal(reader.zxid, count)
    settleTail(disk, directory, reader.tails[0], rethrow)
    disk.crash()
    if (count === 0) assert.deepEqual(disk.list(directory), [])
    else assert.equal(disk.contents(`${directory}/log.1`).length, 16 + count * recordLength)
  }
})

test('a log with any byte flipped yields a prefix or is refused, never another record', () => {
  const small = paddedLog.subarray(0, paddedLog.length - 3_000)
  const clean = new MemoryDisk()
  clean.install(`${directory}/log.1`, small)
  const expected = readRecords(clean)
  const dataEnd = small.findLastIndex((byte) => byte !== 0) + 1
  const lastStart = expected.at(-1)!.offset
  for (let at = 0; at < dataEnd; at++) {
    for (const mask of [1, 0x80, 0xff]) {
      const disk = new MemoryDisk()
      disk.install(`${directory}/log.1`, small)
      disk.flip(`${directory}/log.1`, at, mask)
      const outcome = attempt(() => readRecords(disk))
      if (outcome instanceof Error) continue
      assert.deepEqual(outcome, expected.slice(0, outcome.length))
      const isHeaderDetail = at >= 4 && at < 16
      assert.equal(outcome.length, isHeaderDetail ? expected.length : expected.length - 1)
      if (!isHeaderDetail) assert.ok(at >= lastStart, `damage at ${at} was taken for a torn tail`)
    }
  }
})

test('zeros in the place of the first of several records are torn only near the end', () => {
  const large = createTxn(2, new Uint8Array(4_000).fill(9))
  const damage = (recordsBehind: number): MemoryDisk => {
    const disk = new MemoryDisk()
    const log = new TxnLog(disk, directory)
    log.append(1, createTxn(1))
    log.append(2, large)
    for (let i = 0; i < recordsBehind; i++) {
      log.append(3 + i, createTxn(3 + i, new Uint8Array(100_000).fill(9)))
    }
    log.close(rethrow)
    const bytes = disk.contents(`${directory}/log.1`)
    disk.install(`${directory}/log.1`, bytes.fill(0, 1_024, 1_536))
    return disk
  }
  assert.deepEqual(readZxids(damage(3)), [1])
  assert.throws(() => readZxids(damage(100)), { code: 'LOG_DAMAGED' })
})

function readRecords(disk: MemoryDisk): { offset: number; bytes: Uint8Array }[] {
  const reader = new TxnLogReader({ disk, directory, after: 0 })
  const records = []
  while (reader.next()) {
    const { offset } = reader.place
    records.push({ offset, bytes: reader.bytes.slice(reader.start, reader.end) })
  }
  return records
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read()
  } catch (error) {
    assert.match((error as { code: string }).code, /^LOG_(DAMAGED|BAD_HEADER)$/)
    return error as Error
  }
}
