/**
 * What calls weigh that wait for their answers: very many are made to a server that stands still, and are answered when it
 * goes on.
 *
 *     npm run bench:pending [-- --calls 100000 --save]
 *
 * The server is a process of its own, and is stopped (SIGSTOP) while the calls are made; so is each case (`--case get`), as
 * memory that was resident once remains so. It is taken after a forced collection, less what was before the calls. Values
 * have 100 bytes.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { ZooKeeper } from '@quorate/client'
import { BenchedServer } from './benched-server.ts'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    save: { type: 'boolean', default: false },
    case: { type: 'string' },
    address: { type: 'string', default: '' },
    server: { type: 'string', default: '' },
  },
})
const callCount = Number(values.calls)
const value = 'x'.repeat(100)
/** So long after the calls were made all that can be sent has been. */
const sentAfterMs = 500

type Call = (zk: ZooKeeper) => Promise<unknown>
type Figures = Readonly<Record<string, number>>

const calls: Readonly<Record<string, Call>> = {
  get: (zk) => zk.get('/pending'),
  set: (zk) => zk.set('/pending', value),
}

if (values.case === undefined) await measureAll()
else process.stdout.write(JSON.stringify(await measure(calls[values.case]!, Number(values.server))))

async function measureAll(): Promise<void> {
  const command = [join(import.meta.dirname, '../packages/cli/bin/quorate'), 'server', '{config}']
  const directory = mkdtempSync(join(tmpdir(), 'quorate-pending-'))
  const server = await BenchedServer.prepare({ name: 'quorate', command }, directory, {
    snapCount: 1_000_000_000,
  })
  try {
    server.launch()
    const file = values.save ? ResultsFile.create(join(resultsDirectory, 'pending')) : undefined
    const commands = { quorate: 'quorate server {config}' }
    file?.append({ type: 'environment', ...describeHost(), commands })
    for (const name of Object.keys(calls)) {
      const figures = await figuresOf(name, server)
      console.log(name, figures)
      const named = { server: 'quorate', repetition: 1, case: `${callCount} pending: ${name}` }
      file?.append({ type: 'measurement', ...named, figures })
    }
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function figuresOf(name: string, { address, pid }: BenchedServer): Promise<Figures> {
  const options = { case: name, calls: values.calls, address, server: String(pid) }
  const words = Object.entries(options).flatMap(([option, word]) => [`--${option}`, word])
  const args = [...process.execArgv, import.meta.filename, ...words]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Figures
}

async function measure(call: Call, serverPid: number): Promise<Figures> {
  await using zk = new ZooKeeper(values.address, { timeout: 120_000, pendingMax: callCount })
  if ((await zk.exists('/pending')) === null) await zk.create('/pending', value)
  // What the first calls of a process compile and reserve is not theirs.
  await Promise.all(Array.from({ length: 1000 }, () => call(zk)))
  const before = weight()
  process.kill(serverPid, 'SIGSTOP')
  try {
    const pending = Array.from({ length: callCount }, () => call(zk))
    const refused = await call(zk).catch(({ code }: { readonly code: string }) => code)
    if (refused !== 'Overloaded')
      throw new Error(`one call more than pendingMax was ${String(refused)}`)
    await delay(sentAfterMs)
    const full = weight()
    const beganAtMs = performance.now()
    process.kill(serverPid, 'SIGCONT')
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
  } finally {
    process.kill(serverPid, 'SIGCONT')
  }
}

function weight(): NodeJS.MemoryUsage {
  globalThis.gc?.()
  return process.memoryUsage()
}

function mebibytes(bytes: number): number {
  return Math.round((bytes * 10) / 2 ** 20) / 10
}
