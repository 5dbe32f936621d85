import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Zxid } from '@quorate/protocol'
import { MemoryDisk, TxnLog } from '@quorate/log'
import { createTxn, directory, readZxids, rethrow, writeLog } from './log-builder.ts'

const recordLength = 13 + createTxn(1).length
const headerLength = 16

/** A log with these records, whatever their order, as Apache appends them. */
function logOf(zxids: readonly Zxid[], path = `${directory}/log.${zxids[0].toString(16)}`) {
  const disk = new MemoryDisk()
  const parts = zxids.map((zxid) => {
    const single = new MemoryDisk()
    writeLog(single, [[zxid]])
    const bytes = single.contents(`${directory}/log.${zxid.toString(16)}`)
    return {
      header: bytes.subarray(0, headerLength),
      record: bytes.subarray(headerLength, headerLength + recordLength),
    }
  })
  disk.install(path, Buffer.concat([parts[0].header, ...parts.map(({ record }) => record)]))
  return disk
}

test('ZOOKEEPER-4541: records that an Apache follower logged twice are read once', () => {
  assert.deepEqual(readZxids(logOf([1, 2, 3, 1, 2, 3, 4])), [1, 2, 3, 4])
  assert.deepEqual(readZxids(logOf([1, 2, 3, 2, 3, 2, 3, 4, 5, 4])), [1, 2, 3, 4, 5])
  assert.deepEqual(readZxids(logOf([1, 2, 2, 3, 1, 2, 3])), [1, 2, 3])
})

test('a file that begins with records of the one before it is read behind those', () => {
  const disk = logOf([1, 2, 3, 4])
  disk.install(`${directory}/log.3`, logOf([3, 4, 5]).contents(`${directory}/log.3`))
  assert.deepEqual(readZxids(disk), [1, 2, 3, 4, 5])
  assert.deepEqual(readZxids(disk, 3), [4, 5])
})

test('a record that goes back and is no repetition is refused with its place', () => {
  const disk = logOf([1, 2, 4, 3])
  const offset = headerLength + 3 * recordLength
  assert.throws(() => readZxids(disk), { code: 'LOG_ORDER', file: `${directory}/log.1`, offset })
})

test('another record under the same zxid is refused', () => {
  const disk = new MemoryDisk()
  const log = new TxnLog(disk, directory)
  log.append(1, createTxn(1))
  log.append(2, createTxn(2))
  log.append(3, createTxn(2, new Uint8Array(8).fill(8)))
  log.close(rethrow)
  assert.throws(() => readZxids(disk), { code: 'LOG_ORDER' })
})
