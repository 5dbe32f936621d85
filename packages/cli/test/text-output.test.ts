/** Standard output of the commands that print whole files, which takes a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { fixture, fixturePath } from './tool-run.ts'

const main = new URL('../src/main.ts', import.meta.url).pathname
const logPath = fixturePath('log.1.from-3.8.0')

function listLogs(count: number) {
  const files = Array.from({ length: count }, () => logPath)
  return spawn(process.execPath, ['--conditions=source', main, 'log', ...files], {
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

it('everything arrives, in the time zone of the place', async () => {
  const child = listLogs(1)
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0)
  const [header, first] = fixture('log.1.from-3.8.0.txt').toString().split('\n')
  assert.deepEqual(output.split('\n').slice(0, 2), [header, first])
  assert.match(output, /EOF reached after 35 txns\.\n$/)
})

it('a reader that has seen enough ends the command, quietly', async () => {
  const child = listLogs(300)
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number | null]
  assert.deepEqual([code, errors], [0, ''])
})
