import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogError, MemoryDisk, readEpoch } from '@quorate/log'
import { makeZxid, utf8Encode } from '@quorate/protocol'
import { folder, proposals, started, TestHistory } from './disk-history-fixture.ts'

test('an epoch in memory changes when the file is durable, not before', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const { history } = new TestHistory(disk)
  history.start(() => {})
  while (disk.completeNext());
  let isDone = false
  history.writeEpoch('acceptedEpoch', 4, () => (isDone = true))
  disk.completeNext()
  assert.deepEqual([history.acceptedEpoch, isDone], [0, false])
  while (disk.completeNext());
  assert.deepEqual([history.acceptedEpoch, isDone], [4, true])
  disk.crash()
  assert.equal(readEpoch(disk, folder, 'acceptedEpoch'), 4)
})

test('a write that a former role left behind is over before the next one begins', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const { history } = new TestHistory(disk)
  history.start(() => {})
  while (disk.completeNext());
  const done: number[] = []
  history.writeEpoch('acceptedEpoch', 4, () => done.push(4))
  history.writeEpoch('acceptedEpoch', 5, () => done.push(5))
  while (disk.completeNext());
  assert.deepEqual(done, [4, 5])
  assert.equal(history.acceptedEpoch, 5)
  assert.equal(readEpoch(disk, folder, 'acceptedEpoch'), 5)
})

test('a write that fails leaves the epoch in memory as it was, and is the end', () => {
  const syncs = { fail: false }
  const disk = new MemoryDisk({ failsSync: () => syncs.fail })
  const member = started(disk)
  syncs.fail = true
  member.history.writeEpoch('currentEpoch', 3, () => assert.fail('it is not durable'))
  assert.equal(member.history.currentEpoch, 0)
  assert.equal(member.failures.length, 1)
})

test('ZOOKEEPER-1387: epochs that are missing are those of the last transaction, and are written', () => {
  const disk = new MemoryDisk()
  started(disk).log(proposals(6, [1]))
  disk.remove(`${folder}/currentEpoch`)
  disk.remove(`${folder}/acceptedEpoch`)
  const { history } = started(disk)
  assert.deepEqual([history.currentEpoch, history.acceptedEpoch], [6, 6])
  assert.equal(readEpoch(disk, folder, 'currentEpoch'), 6)
  assert.equal(readEpoch(disk, folder, 'acceptedEpoch'), 6)
})

test('a log of a newer epoch than currentEpoch is what a cut synchronisation leaves, and starts', () => {
  const disk = new MemoryDisk()
  const member = started(disk)
  member.history.writeEpoch('acceptedEpoch', 1, () => {})
  member.history.writeEpoch('currentEpoch', 1, () => {})
  member.log([...proposals(1, [1]), ...proposals(2, [1])])
  // Left by a crash before the rename, torn or not.
  for (const text of ['2', '', 'x']) {
    disk.install(`${folder}/currentEpoch.tmp`, utf8Encode(text))
    const { history } = started(disk)
    assert.equal(history.currentEpoch, 1)
    assert.equal(history.acceptedEpoch, 2, 'epoch 2 may not be promised again')
    assert.equal(history.lastZxid, makeZxid(2, 1))
  }
})

test('an accepted epoch below the current one is refused', () => {
  const disk = new MemoryDisk()
  started(disk)
  disk.install(`${folder}/currentEpoch`, utf8Encode('5'))
  disk.install(`${folder}/acceptedEpoch`, utf8Encode('4'))
  const { history, failures } = new TestHistory(disk)
  history.start(() => assert.fail('it may not start'))
  assert.equal((failures[0] as LogError).code, 'EPOCH_ORDER')
})
