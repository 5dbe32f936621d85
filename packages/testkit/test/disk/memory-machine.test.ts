import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk, DiskFile } from '@quorate/log'
import { MemoryMachine } from '../../src/disk/memory-machine.ts'

test('the next life of a machine finds what was synced, and nothing else', () => {
  const machine = new MemoryMachine()
  const file = created(machine.openDisk())
  write(file, 'synced')
  file.sync(() => {})
  write(file, ', and not')
  machine.crash()
  assert.equal(read(machine.openDisk()), 'synced')
})

test('what a killed server still writes is nowhere, and it is told that all is well', () => {
  const machine = new MemoryMachine()
  const file = created(machine.openDisk())
  write(file, 'before')
  file.sync(() => {})
  machine.crash()
  const told: unknown[] = []
  file.write(bytesOf('after'), 0, 5, 0, (error) => told.push(error))
  file.sync((error) => told.push(error))
  file.close()
  assert.deepEqual(told, [undefined, undefined])
  assert.equal(read(machine.openDisk()), 'before')
})

test('a sync that a slow disk holds is lost with its server', async () => {
  const machine = new MemoryMachine()
  const file = created(machine.openDisk())
  machine.faults.slowMs = 60_000
  write(file, 'held')
  const told = new Promise<unknown>((resolve) => file.sync(resolve))
  machine.crash()
  assert.equal(await told, undefined)
  assert.equal(read(machine.openDisk()), '')
})

test('a full disk takes changes, and no longer files', () => {
  const machine = new MemoryMachine()
  const disk = machine.openDisk()
  const file = created(disk)
  write(file, 'full')
  machine.faults.failure = 'ENOSPC'
  assert.equal(write(file, 'more'), 'ENOSPC')
  const told: unknown[] = []
  file.write(bytesOf('FULL'), 0, 4, 0, (error) => told.push(error))
  file.sync((error) => told.push(error))
  disk.syncDirectory('/data')
  assert.deepEqual(told, [undefined, undefined])
  assert.equal(read(disk), 'FULL')
})

test('a disk that fails takes nothing', () => {
  const machine = new MemoryMachine()
  const disk = machine.openDisk()
  const file = created(disk)
  machine.faults.failure = 'EIO'
  assert.equal(write(file, 'lost'), 'EIO')
  assert.throws(() => disk.rename('/data/file', '/data/other'), { code: 'EIO' })
  assert.throws(() => created(disk), { code: 'EIO' })
  machine.mend()
  assert.equal(write(file, 'kept'), undefined)
})

function created(disk: Disk): DiskFile {
  const file = disk.openForWrite('/data/file', { truncate: true })
  disk.syncDirectory('/data')
  return file
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** @returns the code of the failure */
function write(file: DiskFile, text: string): string | undefined {
  const bytes = bytesOf(text)
  let code: string | undefined
  file.write(bytes, 0, bytes.length, file.size(), (error) => {
    code = (error as { code?: string } | undefined)?.code
  })
  return code
}

function read(disk: Disk): string {
  const file = disk.openForRead('/data/file')
  const bytes = new Uint8Array(file.size())
  file.read(bytes, 0, bytes.length, 0)
  return new TextDecoder().decode(bytes)
}
