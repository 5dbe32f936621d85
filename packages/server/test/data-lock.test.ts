import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { DataLock } from '../src/data-lock.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-lock-'))
after(() => rmSync(root, { recursive: true }))
const create = { create: true }

/** A process that holds the lock of `directory` until it is killed. */
async function holder(directory: string) {
  const module = new URL('../src/data-lock.ts', import.meta.url).href
  const script = `import { DataLock } from ${JSON.stringify(module)}
    DataLock.acquire(${JSON.stringify(directory)}, { create: true })
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(child.stdout, 'data')
  return child
}

describe('DataLock', () => {
  it('makes the directory, and leaves nothing behind when released', () => {
    const directory = join(root, 'a/b')
    const lock = DataLock.acquire(directory, create)
    assert.deepEqual(readdirSync(directory), ['quorate.lock'])
    lock.release()
    assert.deepEqual(readdirSync(directory), [])
  })

  it('refuses a directory that this process holds already', () => {
    const directory = join(root, 'twice')
    const lock = DataLock.acquire(directory, create)
    assert.throws(() => DataLock.acquire(directory, create), {
      code: 'DATA_DIRECTORY_IN_USE',
      exitCode: 3,
    })
    lock.release()
    DataLock.acquire(directory, create).release()
  })

  it('refuses while another process holds it, and takes over when that was killed', async () => {
    const directory = join(root, 'killed')
    const child = await holder(directory)
    assert.throws(() => DataLock.acquire(directory, create), {
      code: 'DATA_DIRECTORY_IN_USE',
      message: new RegExp(`is in use by the process ${child.pid}; stop that server`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.ok(existsSync(join(directory, 'quorate.lock')))
    DataLock.acquire(directory, create).release()
    assert.deepEqual(readdirSync(directory), [])
  })

  it('takes over from a process id that belongs to another process by now', () => {
    const directory = join(root, 'reused')
    DataLock.acquire(directory, create).release()
    writeFileSync(join(directory, 'quorate.lock'), `${process.pid} 1`)
    DataLock.acquire(directory, create).release()
  })

  it('takes over a lock that is not one', () => {
    const directory = join(root, 'garbage')
    DataLock.acquire(directory, create).release()
    writeFileSync(join(directory, 'quorate.lock'), 'nonsense')
    DataLock.acquire(directory, create).release()
  })

  it('says what to do about a directory that cannot be used', () => {
    writeFileSync(join(root, 'file'), '')
    assert.throws(() => DataLock.acquire(join(root, 'file'), create), {
      code: 'DATA_DIRECTORY_UNUSABLE',
      exitCode: 3,
      message: /make it writable for this user or choose another \(dataDir\)/,
    })
    assert.throws(() => DataLock.acquire(join(root, 'none'), { create: false }), {
      code: 'DATA_DIRECTORY_UNUSABLE',
    })
  })
})
