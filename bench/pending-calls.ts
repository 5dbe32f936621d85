/**
 * What calls weigh that wait for their answers: very many are made to a server that stands still, and are answered when it
 * goes on.
 *
 *     npm run bench:pending [-- --calls 100000 --save]
 *
 * The server is a process of its own, and is stopped (SIGSTOP) while the calls are made. Memory is what is resident after a
 * forced collection, less what was before the calls. Values have 100 bytes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ZooKeeper } from '@quorate/client'
import { BenchedServer } from './benched-server.ts'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    save: { type: 'boolean', default: false },
  },
})
const callCount = Number(values.calls)
const value = 'x'.repeat(100)
/** So long after the calls were made all that can be sent has been. */
const sentAfterMs = 500

type Call = (zk: ZooKeeper) => Promise<unknown>

const calls: Readonly<Record<string, Call>> = {
  get: (zk) => zk.get('/pending'),
  set: (zk) => zk.set('/pending', value),
}

const command = [join(import.meta.dirname, '../packages/cli/bin/quorate'), 'server', '{config}']
const directory = mkdtempSync(join(tmpdir(), 'quorate-pending-'))
const server = await BenchedServer.prepare({ name: 'quorate', command }, directory, {
  snapCount: 1_000_000_000,
})
try {
  server.launch()
  await using zk = new ZooKeeper(server.address, { timeout: 120_000, pendingMax: callCount })
  await zk.create('/pending', value)
  // What the first calls of a process compile and reserve is not theirs.
  await Promise.all(Array.from({ length: 1000 }, () => zk.get('/pending')))
  const file = values.save ? ResultsFile.create(join(resultsDirectory, 'pending')) : undefined
  file?.append({
    type: 'environment',
    ...describeHost(),
    commands: { quorate: 'quorate server {config}' },
  })
  for (const [name, call] of Object.entries(calls)) {
    const figures = await weigh(zk, call)
    console.log(name, figures)
    file?.append({
      type: 'measurement',
      server: 'quorate',
      repetition: 1,
      case: `${callCount} pending calls of ${name}`,
      figures,
    })
  }
} finally {
  server.thaw()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}

async function weigh(zk: ZooKeeper, call: Call): Promise<Readonly<Record<string, number>>> {
  const before = weight()
  server.freeze()
  const pending = Array.from({ length: callCount }, () => call(zk))
  const refused = await call(zk).catch(({ code }: { readonly code: string }) => code)
  if (refused !== 'Overloaded')
    throw new Error(`one call more than pendingMax was ${String(refused)}`)
  await delay(sentAfterMs)
  const full = weight()
  const beganAtMs = performance.now()
  server.thaw()
  await Promise.all(pending)
  const answeredMs = performance.now() - beganAtMs
  pending.length = 0
  await delay(sentAfterMs)
  const after = weight()
  return {
    'bytes a call': Math.round((full.rss - before.rss) / callCount),
    'of that in the heap': Math.round((full.heapUsed - before.heapUsed) / callCount),
    'resident before, MiB': mebibytes(before.rss),
    'resident while they wait, MiB': mebibytes(full.rss),
    'resident afterwards, MiB': mebibytes(after.rss),
    'heap afterwards, MiB more': mebibytes(after.heapUsed - before.heapUsed),
    'all answered after, ms': Math.round(answeredMs),
  }
}

function weight(): NodeJS.MemoryUsage {
  globalThis.gc?.()
  return process.memoryUsage()
}

function mebibytes(bytes: number): number {
  return Math.round((bytes * 10) / 2 ** 20) / 10
}
