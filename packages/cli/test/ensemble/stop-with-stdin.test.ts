import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { scratchFolder } from './scratch-folder.ts'

const scratch = scratchFolder()
const main = new URL('../../src/main.ts', import.meta.url).pathname

it('a server that stops with its standard input stops in order when that is closed', async () => {
  const words = ['--conditions=source', main, 'server', '--stop-with-stdin', '--client-port', '0']
  const child = spawn(process.execPath, [...words, '--data-dir', join(scratch, 'data')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const codes: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const { code } = JSON.parse(line) as { readonly code: string }
    codes.push(code)
    if (code === 'SERVER_SERVING') child.stdin.end()
  }
  assert.deepEqual(await exited, [0, null])
  assert.equal(codes.at(-1), 'SERVER_STOPPED')
})
