import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk, TxnLog } from '@quorate/log'
import { makeZxid, type Zxid } from '@quorate/protocol'
import type { DiskHistory } from '@quorate/replica'
import { folder, proposal, proposals, range, started, treeOf } from './disk-history-fixture.ts'

test('the log is read from each of its transactions on, over all of its files', () => {
  const member = started(new MemoryDisk())
  const all = [...proposals(1, range(1, 6)), ...proposals(3, range(1, 4))]
  member.log(all.slice(0, 4))
  member.history.roll()
  member.log(all.slice(4))
  for (const [index, { zxid }] of all.entries()) {
    assert.deepEqual(read(member.history, zxid), zxidsOf(all.slice(index + 1)))
  }
  assert.deepEqual(read(member.history, 0), zxidsOf(all), 'snapshot.0 is what the log goes on from')
})

test('what a reader hands out are the bytes that were appended', () => {
  const member = started(new MemoryDisk())
  const all = proposals(1, range(1, 3))
  member.log(all)
  const reader = member.history.readAfter(makeZxid(1, 1))!
  assert.ok(reader.next())
  assert.deepEqual(reader.bytes.slice(reader.start, reader.end), all[1]?.bytes)
})

test('a zxid that the history does not hold is not read from', () => {
  const member = started(new MemoryDisk())
  member.log([...proposals(1, range(1, 3)), ...proposals(3, range(1, 2))])
  const strangers = [makeZxid(0, 5), makeZxid(1, 4), makeZxid(2, 0), makeZxid(2, 1), makeZxid(3, 3)]
  for (const after of strangers) assert.equal(member.history.readAfter(after), undefined)
})

test('the zxid that an epoch begins with is read from when the epoch’s first transaction is there', () => {
  const member = started(new MemoryDisk())
  member.log([...proposals(1, range(1, 3)), ...proposals(3, range(1, 2))])
  assert.deepEqual(read(member.history, makeZxid(3, 0)), [makeZxid(3, 1), makeZxid(3, 2)])
})

test('behind a state that a leader sent, the log is read from its zxid on and not from before', () => {
  const member = started(new MemoryDisk())
  member.log(proposals(1, range(1, 3)))
  member.replace(treeOf(proposals(1, range(1, 9))))
  member.log(proposals(1, [10, 11]))
  assert.equal(member.history.readAfter(makeZxid(1, 3)), undefined)
  assert.equal(member.history.readAfter(makeZxid(1, 8)), undefined)
  assert.deepEqual(read(member.history, makeZxid(1, 9)), [makeZxid(1, 10), makeZxid(1, 11)])
})

test('what is not durable yet is not read', () => {
  const member = started(new MemoryDisk())
  member.log(proposals(1, [1, 2]))
  member.history.append(proposal(makeZxid(1, 3)))
  assert.deepEqual(read(member.history, makeZxid(1, 1)), [makeZxid(1, 2)])
  assert.equal(member.history.readAfter(makeZxid(1, 3)), undefined)
})

test('a hole inside of a log file ends the reading', () => {
  const disk = new MemoryDisk()
  started(disk)
  const log = new TxnLog(disk, folder)
  for (const { zxid, bytes } of proposals(1, [1, 2, 5, 6])) log.append(zxid, bytes)
  log.close((error) => assert.ifError(error))
  const { history } = started(disk)
  const reader = history.readAfter(makeZxid(1, 1))!
  assert.ok(reader.next())
  assert.equal(reader.next(), false)
  assert.equal(reader.zxid, makeZxid(1, 2))
  assert.deepEqual(read(history, makeZxid(1, 5)), [makeZxid(1, 6)])
  assert.deepEqual(
    history.recent.map(({ zxid }) => zxid),
    [makeZxid(1, 5), makeZxid(1, 6)],
  )
})

test('a file that is purged while the log is read ends the reading', () => {
  const disk = new MemoryDisk()
  const member = started(disk)
  member.log(proposals(1, [1, 2]))
  member.history.roll()
  member.log(proposals(1, [3]))
  const reader = member.history.readAfter(makeZxid(1, 1))!
  disk.remove(`${folder}/log.100000003`)
  assert.ok(reader.next())
  assert.equal(reader.next(), false)
  assert.equal(reader.zxid, makeZxid(1, 2))
})

test('the sizes are those of the newest snapshot and of the log files behind the transaction’s', () => {
  const disk = new MemoryDisk()
  const member = started(disk, { logOptions: { preallocateBytes: 0 } })
  member.log(proposals(1, range(1, 4)))
  member.snapshot(disk)
  member.log(proposals(1, range(5, 8)))
  const sizeOf = (name: string): number => disk.contents(`${folder}/${name}`).length
  const snapshotBytes = sizeOf('snapshot.100000004')
  const logBytes = sizeOf('log.100000005')
  assert.deepEqual(member.history.sizesAfter(makeZxid(1, 2)), { snapshotBytes, logBytes })
  assert.deepEqual(member.history.sizesAfter(makeZxid(1, 4)), { snapshotBytes, logBytes: 0 })
})

function read(history: DiskHistory, after: Zxid): Zxid[] {
  const reader = history.readAfter(after)
  assert.ok(reader)
  const zxids: Zxid[] = []
  while (reader.next()) zxids.push(reader.zxid)
  return zxids
}

function zxidsOf(all: readonly { readonly zxid: Zxid }[]): Zxid[] {
  return all.map(({ zxid }) => zxid)
}
