/** Which directories were made, and which entries the disk had been asked to keep when the start was over. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, describe, it, mock } from 'node:test'
import { recover } from '@quorate/log'
import { lockDirectories } from '../src/data-lock.ts'
import { NodeDisk } from '../src/node-disk.ts'

const directory = fs.mkdtempSync(join(tmpdir(), 'quorate-durable-'))
after(() => fs.rmSync(directory, { recursive: true }))
afterEach(() => {
  mock.restoreAll()
  syncBuiltinESMExports()
})

/** Watches every sync; an entry is durable when its parent was synced while the entry was there. */
function watchSyncs(paths: readonly string[]): { readonly durable: Set<string> } {
  const durable = new Set<string>()
  const sync = fs.fsyncSync
  mock.method(fs, 'fsyncSync', (descriptor: number) => {
    sync(descriptor)
    const { ino } = fs.fstatSync(descriptor)
    for (const path of paths) {
      if (fs.existsSync(path) && fs.statSync(dirname(path)).ino === ino) durable.add(path)
    }
  })
  syncBuiltinESMExports()
  return { durable }
}

const target = {
  newLoader(): never {
    throw new Error('a fresh directory has no snapshot')
  },
  replay() {},
}

describe('the directories of a fresh server', () => {
  it('are durable, with all that had to be made above them, before anything is written', () => {
    const dataDir = join(directory, 'made/data')
    const dataLogDir = join(directory, 'made/too/log')
    const made = ['made', 'made/data', 'made/data/version-2', 'made/too', 'made/too/log']
    made.push('made/too/log/version-2')
    const paths = made.map((name) => join(directory, name))
    const { durable } = watchSyncs(paths)
    const lock = lockDirectories({ dataDir, dataLogDir, createsDataDir: true })
    const disk = new NodeDisk({ chooseSyncMode: () => 'blocking' })
    recover({ disk, dataDirectory: dataDir, logDirectory: dataLogDir, target }, (error) =>
      assert.equal(error, undefined),
    )
    lock.release()
    assert.deepEqual([...durable].toSorted(), paths.toSorted())
  })

  it('are made durable again when an earlier process may have been killed before it did so', () => {
    const path = join(directory, 'left/version-2')
    fs.mkdirSync(path, { recursive: true })
    const { durable } = watchSyncs([path])
    new NodeDisk({ chooseSyncMode: () => 'blocking' }).makeDirectory(path)
    assert.deepEqual([...durable], [path])
  })
})
