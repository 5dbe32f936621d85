import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { nodeConfigurationDisk as disk } from '../../src/membership-store/configuration-disk.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-configuration-'))
after(() => rmSync(root, { recursive: true }))

function textOf(path: string): string | undefined {
  const bytes = disk.read(path)
  return bytes && Buffer.from(bytes).toString()
}

describe('the configuration on disk', () => {
  it('reads what was written, and nothing where there is nothing', () => {
    const path = join(root, 'one')
    assert.equal(textOf(path), undefined)
    disk.replace(path, Buffer.from('1'))
    disk.replace(path, Buffer.from('22'))
    assert.equal(textOf(path), '22')
    disk.remove(path)
    disk.remove(path)
    assert.equal(textOf(path), undefined)
    assert.deepEqual(readdirSync(root), [])
  })

  it('lets those read the new file who could read the old one', () => {
    const path = join(root, 'secret')
    writeFileSync(path, '')
    chmodSync(path, 0o600)
    disk.replace(path, Buffer.from('x'))
    assert.equal(statSync(path).mode & 0o777, 0o600)
    disk.remove(path)
  })

  it('is not misled by what a write that was cut short left behind', () => {
    const path = join(root, 'two')
    writeFileSync(`${path}.tmp`, 'much longer than the new one')
    disk.replace(path, Buffer.from('x'))
    assert.equal(textOf(path), 'x')
    disk.remove(path)
  })

  it('passes on a failure to read', () => {
    assert.throws(() => disk.read(root), { code: 'EISDIR' })
  })
})
