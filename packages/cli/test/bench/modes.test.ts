import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { resolveConfig, Server } from '@quorate/server'
import { parseBenchArguments } from '../../src/bench/bench-options.ts'
import { modes } from '../../src/bench/modes.ts'
import type { Figures } from '../../src/bench/report.ts'

const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-test-'))
let server: Server

before(async () => {
  const text = `dataDir=${directory}\nclientPort=0\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\n`
  const { config } = resolveConfig({ file: { path: 'test', text } })
  server = await Server.start({ config, log: { write() {} } })
})

after(async () => {
  await server.stop()
  rmSync(directory, { recursive: true })
})

function measure(mode: string, ...args: readonly string[]): Promise<Figures> {
  const address = `127.0.0.1:${server.port}`
  const { options } = parseBenchArguments([mode, '--server', address, ...args])
  return modes.get(mode)!(options)
}

test('load counts replies and sums up their latencies', async () => {
  const figures = await measure('load', '--seconds', '0.2', '--warm-up', '0', '--reads', '50')
  assert.ok(Number(figures['operations']) > 0)
  assert.ok(Number(figures['p99Us']) >= Number(figures['p50Us']))
})

test('load runs on several threads', async () => {
  const args = ['--seconds', '0.2', '--warm-up', '0', '--threads', '2', '--connections', '3']
  const figures = await measure('load', ...args)
  assert.ok(Number(figures['operations']) > 0)
})

test('fill leaves every node, and probe reads the last', async () => {
  const filled = await measure('fill', '--keys', '1500', '--size', '10', '--depth', '16')
  assert.equal(filled['operations'], 1_500)
  const probed = await measure('probe', '--path', '/bench-10/d0001/n499')
  assert.equal(probed['dataBytes'], 10)
})

test('create counts creations and deletions', async () => {
  const figures = await measure('create', '--keys', '200', '--connections', '4')
  assert.equal(figures['operations'], 200)
  assert.ok(Number(figures['deletesPerSecond']) > 0)
})

test('watch receives every notification', async () => {
  const figures = await measure('watch', '--connections', '5', '--keys', '20', '--rounds', '3')
  assert.equal(figures['operations'], 5 * 20 * 3)
})

test('sessions and pauses count what they did', async () => {
  const sessions = await measure('sessions', '--connections', '2', '--seconds', '0.1')
  assert.ok(Number(sessions['operations']) >= 2)
  const pauses = await measure('pauses', '--seconds', '0.1')
  assert.ok(Number(pauses['operations']) >= 1)
})

test('outage finds what it wrote on the server that can be reached, and counts those that refuse', async () => {
  const address = `127.0.0.1:${server.port}`
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as { readonly port: number }
  closed.close()
  const { options } = parseBenchArguments([
    'outage',
    '--server',
    `${address},127.0.0.1:${port}`,
    '--connections',
    '3',
    '--seconds',
    '0.3',
  ])
  const figures = await modes.get('outage')!(options)
  assert.ok(Number(figures['operations']) > 0)
  assert.ok(Number(figures['refused']) > 0)
  assert.ok(Number(figures['longestGapMs']) <= Number(figures['longestGapOfWritersMs']))
  assert.equal(figures['ambiguous'], 0)
  assert.equal(figures['verifiedServers'], 1)
})

test('a probe of a node that is not there gives up in time', async () => {
  const probing = measure('probe', '--path', '/absent', '--timeout', '0.2')
  await assert.rejects(probing, /\/absent could not be read within 0.2 s/)
})
