import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Disk, MemoryDisk } from '@quorate/log'
import { rethrow } from './log-builder.ts'

const path = '/d/file'

test('what was not synced is lost in a crash: data, length and name', () => {
  const disk = new MemoryDisk()
  write(disk, path, [1, 2, 3], { syncs: true })
  disk.syncDirectory('/d')
  write(disk, path, [9, 9, 9, 9], { syncs: false })
  write(disk, '/d/other', [1], { syncs: true })
  disk.rename('/d/other', '/d/renamed')
  assert.deepEqual(disk.list('/d').toSorted(), ['file', 'renamed'])
  disk.crash()
  assert.deepEqual(disk.list('/d'), ['file'])
  assert.deepEqual([...disk.contents(path)], [1, 2, 3])
})

test('a killed process leaves what it wrote, but a crash after it takes what was not synced', () => {
  const disk = new MemoryDisk()
  disk.install(path, new Uint8Array([1]))
  write(disk, path, [2], { syncs: false })
  const file = disk.openForRead(path)
  disk.kill()
  assert.deepEqual([...disk.contents(path)], [2])
  assert.throws(() => file.read(new Uint8Array(1), 0, 1, 0), { code: 'EBADF' })
  disk.crash()
  assert.deepEqual([...disk.contents(path)], [1])
})

test('names survive as a prefix of their changes', () => {
  const lists = new Set<string>()
  for (let survival = 0; survival < 1; survival += 0.05) {
    const disk = new MemoryDisk({ random: () => survival })
    write(disk, '/d/a', [1], { syncs: true })
    disk.rename('/d/a', '/d/b')
    disk.remove('/d/b')
    disk.crash()
    lists.add(disk.list('/d').join())
  }
  assert.deepEqual([...lists].toSorted(), ['', 'a', 'b'])
})

test('a write that was not synced is torn by sectors, and each is whole or as it was', () => {
  const numbers = [0.5, 0.8, 0.1, 0.9, 0.1, 0.9]
  const disk = new MemoryDisk({ random: () => numbers.shift() ?? 0 })
  disk.install(path, new Uint8Array(2_048).fill(1))
  write(
    disk,
    path,
    Array.from({ length: 1_800 }, () => 2),
    { syncs: false, position: 100 },
  )
  disk.crash()
  const bytes = disk.contents(path)
  const edges = [...bytes.keys()].filter((at) => at > 0 && bytes[at] !== bytes[at - 1])
  assert.deepEqual(edges, [100, 512, 1_024, 1_536])
})

test('a sector that survives holds what earlier writes put there, even if their own turn was lost', () => {
  // Names, then the first write: nothing; the second one: by sectors, the only one survives.
  const numbers = [0, 0, 0.8, 0.1]
  const disk = new MemoryDisk({ random: () => numbers.shift()! })
  disk.install(path, new Uint8Array(4))
  write(disk, path, [1, 1], { syncs: false })
  write(disk, path, [2], { syncs: false, position: 2 })
  disk.crash()
  assert.deepEqual([...disk.contents(path)], [1, 1, 2, 0])
})

test('the last write may leave a part of a sector, but not of what the cache held already', () => {
  for (const [isWrittenBefore, expected] of [
    [false, 150],
    [true, 300],
  ] as const) {
    // Names, the first write if there is one: nothing; the last one: half of it.
    const numbers = isWrittenBefore ? [0, 0, 0.5, 0.5] : [0, 0.5, 0.5]
    const disk = new MemoryDisk({ random: () => numbers.shift()!, isQueued: true })
    disk.install(path, new Uint8Array(300))
    const twos = Array.from({ length: 300 }, () => 2)
    if (isWrittenBefore) {
      write(disk, path, twos, { syncs: false })
      disk.completeNext()
    }
    write(disk, path, twos, { syncs: false })
    disk.crash()
    assert.equal(disk.contents(path).filter((byte) => byte === 2).length, expected)
  }
})

test('queued writes and syncs complete in order, one at a time', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const file = disk.openForWrite(path, { truncate: false })
  const events: string[] = []
  file.write(new Uint8Array([7]), 0, 1, 0, () => events.push('written'))
  file.sync(() => events.push('synced'))
  assert.deepEqual([events.length, file.size(), disk.pendingCount], [0, 0, 2])
  assert.ok(disk.completeNext())
  assert.deepEqual([events.join(), file.size()], ['written', 1])
  assert.ok(disk.completeNext())
  assert.ok(!disk.completeNext())
  assert.deepEqual(events, ['written', 'synced'])
})

test('a sync covers what was written when it began', () => {
  const disk = new MemoryDisk({ isQueued: true })
  disk.install(path, new Uint8Array(0))
  const file = disk.openForWrite(path, { truncate: false })
  file.sync(rethrow)
  file.write(new Uint8Array([7]), 0, 1, 0, rethrow)
  while (disk.completeNext());
  disk.crash()
  assert.equal(disk.contents(path).length, 0)
})

test('what a failed sync covered is lost even when the next sync succeeds', () => {
  const disk = new MemoryDisk({ failsSync: (count) => count === 1 })
  disk.install(path, new Uint8Array(0))
  const file = disk.openForWrite(path, { truncate: false })
  const outcomes: (string | undefined)[] = []
  file.write(new Uint8Array([7]), 0, 1, 0, rethrow)
  file.sync((error) => outcomes.push((error as { code?: string } | undefined)?.code))
  file.sync((error) => outcomes.push(error?.message))
  assert.deepEqual(outcomes, ['EIO', undefined])
  assert.equal(file.size(), 1)
  disk.crash()
  assert.equal(disk.contents(path).length, 0)
})

test('a full disk, a missing file and a file from before a crash give their codes', () => {
  const disk = new MemoryDisk({ capacityBytes: 2 })
  const file = disk.openForWrite(path, { truncate: false })
  let code: string | undefined
  file.write(new Uint8Array(3), 0, 3, 0, (error) => {
    code = (error as { code?: string } | undefined)?.code
  })
  assert.equal(code, 'ENOSPC')
  assert.equal(file.size(), 0)
  assert.throws(() => disk.openForRead('/d/none'), { code: 'ENOENT' })
  disk.crash()
  assert.throws(() => file.sync(rethrow), { code: 'EBADF' })
})

test('a flipped bit stays flipped after a crash', () => {
  const disk = new MemoryDisk()
  disk.install(path, new Uint8Array([1, 2]))
  disk.flip(path, 1, 0x80)
  disk.crash()
  assert.deepEqual([...disk.contents(path)], [1, 0x82])
})

function write(
  disk: Disk,
  name: string,
  bytes: readonly number[],
  options: { readonly syncs: boolean; readonly position?: number },
): void {
  const file = disk.openForWrite(name, { truncate: false })
  file.write(new Uint8Array(bytes), 0, bytes.length, options.position ?? 0, rethrow)
  if (options.syncs) file.sync(rethrow)
  file.close()
}

test('a file that was cut and grows again has zeros where nothing was written', () => {
  const disk = new MemoryDisk()
  write(disk, path, [1, 2, 3, 4, 5, 6, 7, 8], { syncs: true })
  disk.syncDirectory('/d')
  const file = disk.openForWrite(path, { truncate: false })
  file.truncate(2)
  file.write(Uint8Array.of(9), 0, 1, 6, rethrow)
  file.sync(rethrow)
  assert.deepEqual([...disk.contents(path)], [1, 2, 0, 0, 0, 0, 9])
  disk.crash()
  assert.deepEqual([...disk.contents(path)], [1, 2, 0, 0, 0, 0, 9])
})
