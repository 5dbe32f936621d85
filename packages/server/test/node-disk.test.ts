import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { DiskFile } from '@quorate/log'
import { NodeDisk, type SyncMode } from '../src/node-disk.ts'

const directory = mkdtempSync(join(tmpdir(), 'quorate-disk-'))
after(() => rmSync(directory, { recursive: true }))

function diskOf(mode: SyncMode, onSynced?: (ms: number) => void): NodeDisk {
  return new NodeDisk({ chooseSyncMode: () => mode, ...(onSynced && { onSynced }) })
}

async function writeAndSync(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    file.write(bytes, 0, bytes.length, position, (writeError) => {
      if (writeError !== undefined) return reject(writeError)
      return file.sync((error) => (error === undefined ? resolve() : reject(error)))
    })
  })
}

for (const mode of ['blocking', 'threaded'] as const) {
  describe(`NodeDisk, ${mode} syncs`, () => {
    const durations: number[] = []
    const disk = diskOf(mode, (ms) => durations.push(ms))

    it('writes at a position, reads back, truncates', async () => {
      const path = join(directory, `${mode}-a`)
      const file = disk.openForWrite(path, { truncate: false })
      await writeAndSync(file, Uint8Array.of(1, 2, 3, 4), 6)
      assert.equal(file.size(), 10)
      const target = new Uint8Array(8)
      assert.equal(file.read(target, 2, 8, 5), 5)
      assert.deepEqual(target, Uint8Array.of(0, 0, 0, 1, 2, 3, 4, 0))
      file.truncate(7)
      assert.equal(file.size(), 7)
      file.close()
      const reopened = disk.openForRead(path)
      assert.equal(reopened.size(), 7)
      reopened.close()
      assert.equal(durations.length, 1)
    })

    it('keeps a file open until its sync is done', async () => {
      const file = disk.openForWrite(join(directory, `${mode}-b`), { truncate: true })
      await new Promise<void>((resolve, reject) => {
        file.sync((error) => (error === undefined ? resolve() : reject(error)))
        file.close()
      })
      assert.throws(() => file.size(), { code: 'EBADF' })
    })

    it('hands a failed write to its callback', async () => {
      const readOnly = disk.openForRead(join(directory, `${mode}-a`))
      await assert.rejects(writeAndSync(readOnly, Uint8Array.of(1), 0), { code: 'EBADF' })
      readOnly.close()
    })
  })
}

describe('NodeDisk', () => {
  const disk = diskOf('blocking')

  it('lists, renames and removes names', () => {
    const folder = join(directory, 'x/y')
    assert.deepEqual(disk.list(folder), [])
    disk.makeDirectory(folder)
    disk.makeDirectory(folder)
    disk.openForWrite(join(folder, 'one'), { truncate: true }).close()
    disk.rename(join(folder, 'one'), join(folder, 'two'))
    disk.syncDirectory(folder)
    assert.deepEqual(disk.list(folder), ['two'])
    disk.remove(join(folder, 'two'))
    assert.deepEqual(disk.list(folder), [])
  })

  it('fails with ENOENT where there is nothing', () => {
    assert.throws(() => disk.openForRead(join(directory, 'missing')), { code: 'ENOENT' })
    assert.throws(() => disk.list(join(directory, 'blocking-a')), { code: 'ENOTDIR' })
  })
})
