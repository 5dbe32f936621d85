import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk, readEpoch, readPendingCurrentEpoch, writeEpoch } from '@quorate/log'
import { rethrow } from './log-builder.ts'

const directory = '/data/version-2'

test('an epoch is written as decimal text without a newline, and read again', () => {
  const disk = new MemoryDisk()
  assert.equal(readEpoch(disk, directory, 'currentEpoch'), undefined)
  writeEpoch(disk, directory, { name: 'currentEpoch', value: 12 }, rethrow)
  assert.deepEqual([...disk.contents(`${directory}/currentEpoch`)], [0x31, 0x32])
  assert.equal(readEpoch(disk, directory, 'currentEpoch'), 12)
  assert.equal(readEpoch(disk, directory, 'acceptedEpoch'), undefined)
})

test('a crash at any step leaves the old epoch or the new one, and the new one after done', () => {
  for (let completed = 0; completed <= 4; completed++) {
    for (let survival = 0; survival < 1; survival += 0.1) {
      const disk = new MemoryDisk({ isQueued: true, random: () => survival })
      disk.install(`${directory}/acceptedEpoch`, new Uint8Array([0x31]))
      let isDone = false
      writeEpoch(disk, directory, { name: 'acceptedEpoch', value: 2 }, () => (isDone = true))
      for (let i = 0; i < completed; i++) disk.completeNext()
      disk.crash()
      const epoch = readEpoch(disk, directory, 'acceptedEpoch')
      assert.ok(epoch === 2 || (epoch === 1 && !isDone), `${epoch} after ${completed} steps`)
    }
  }
})

test('an epoch that waits in currentEpoch.tmp is found', () => {
  const disk = new MemoryDisk()
  assert.equal(readPendingCurrentEpoch(disk, directory), undefined)
  disk.install(`${directory}/currentEpoch.tmp`, new Uint8Array([0x37]))
  assert.equal(readPendingCurrentEpoch(disk, directory), 7)
})

test('a file that holds no number is refused', () => {
  for (const text of ['', 'x', '1x', '0x1', '12345678901234567890']) {
    const disk = new MemoryDisk()
    disk.install(`${directory}/currentEpoch`, new TextEncoder().encode(text))
    assert.throws(() => readEpoch(disk, directory, 'currentEpoch'), {
      code: 'EPOCH_FILE_BAD',
      file: `${directory}/currentEpoch`,
    })
  }
})

test('a write that fails leaves the old epoch', () => {
  for (const options of [{ failsSync: () => true }, { failsWrite: () => true }]) {
    const disk = new MemoryDisk(options)
    disk.install(`${directory}/currentEpoch`, new Uint8Array([0x31]))
    let failure: Error | undefined
    writeEpoch(disk, directory, { name: 'currentEpoch', value: 2 }, (error) => (failure = error))
    assert.match(failure?.message ?? '', /EIO/)
    assert.equal(readEpoch(disk, directory, 'currentEpoch'), 1)
  }
})
