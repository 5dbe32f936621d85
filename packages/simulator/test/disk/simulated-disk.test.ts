import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../../src/disk/simulated-disk.ts'
import { TestWorld } from '../test-world.ts'

const path = '/data/file'
const bytes = new Uint8Array(1_000).fill(7)

function writtenDisk(seed: number, isSynced: boolean): { world: TestWorld; disk: SimulatedDisk } {
  const world = new TestWorld(seed)
  const disk = new SimulatedDisk(world.host('server1'), world)
  const file = disk.openForWrite(path, { truncate: false })
  const done: string[] = []
  file.write(bytes, 0, bytes.length, 0, () => {
    done.push('write')
    if (isSynced) file.sync(() => done.push('sync'))
  })
  assert.deepEqual(done, [], 'nothing is done at once')
  world.runAll()
  assert.deepEqual(done, isSynced ? ['write', 'sync'] : ['write'])
  if (isSynced) disk.syncDirectory('/data')
  return { world, disk }
}

test('a power failure takes what was not synced, in one seed or another, and counts it', () => {
  let lostCount = 0
  for (let seed = 0; seed < 20; seed++) {
    const { world, disk } = writtenDisk(seed, false)
    disk.losePower()
    const isWhole = disk.list('/data').length === 1 && disk.usedBytes() === bytes.length
    const hits = world.faults.hits.get('disk.lost-write') ?? 0
    if (!isWhole) assert.equal(hits, 1)
    lostCount += hits
  }
  assert.ok(lostCount > 0 && lostCount < 20, `${lostCount} of 20 lost something`)
})

test('a power failure leaves what was synced, a kill what was written', () => {
  for (let seed = 0; seed < 20; seed++) {
    const synced = writtenDisk(seed, true)
    synced.disk.losePower()
    assert.equal(synced.disk.usedBytes(), bytes.length)
    const written = writtenDisk(seed, false)
    written.disk.endProcess()
    assert.equal(written.disk.usedBytes(), bytes.length)
  }
})

test('a full disk says ENOSPC as long as it is full', () => {
  const { world, disk } = writtenDisk(1, true)
  const file = disk.openForWrite('/data/other', { truncate: false })
  const outcomes: unknown[] = []
  const write = (): void => {
    file.write(bytes, 0, bytes.length, 0, (error) =>
      outcomes.push(error !== undefined && 'code' in error ? error.code : 'done'),
    )
    world.runAll()
  }
  disk.conditions.capacityBytes = disk.usedBytes() + 10
  write()
  disk.conditions.capacityBytes = Infinity
  write()
  assert.deepEqual(outcomes, ['ENOSPC', 'done'])
  assert.equal(world.faults.hits.get('disk.full'), 1)
})
