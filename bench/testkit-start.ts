/**
 * How long a test waits for a server of the test kit, from the start to the first node that a client has created, and what a thousand of
 * them leave in the process.
 *
 *     npm run bench:testkit [-- --starts 1000 --ensembles 200 --save]
 *
 * Neighbours on the machine count: the figures say how much CPU time a start takes, and how many processes waited for a core meanwhile.
 * The first starts of a process compile the code and are told apart; a test file pays for them once.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEnsemble, startInMemoryServer, startServer } from '@quorate/testkit'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

/** What the kit starts, as far as this file uses it. */
interface Started {
  client(): Promise<{ create(path: string, value: string): Promise<unknown> }>
  close(): Promise<void>
}

interface Lap {
  readonly startedMs: number
  readonly createdMs: number
  readonly closedMs: number
}

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '1000' },
    ensembles: { type: 'string', default: '200' },
    save: { type: 'boolean', default: false },
  },
})
const starts = Number(values.starts)
const cases: readonly {
  readonly name: string
  readonly start: () => Promise<Started>
  readonly count: number
}[] = [
  { name: 'a server', start: () => startServer(), count: starts },
  { name: 'a server without sockets', start: () => startInMemoryServer(), count: starts },
  { name: 'three members', start: () => startEnsemble(3), count: Number(values.ensembles) },
]

async function lap(start: () => Promise<Started>): Promise<Lap> {
  const beginMs = performance.now()
  const started = await start()
  const startedMs = performance.now() - beginMs
  const client = await started.client()
  await client.create('/first', 'value')
  const createdMs = performance.now() - beginMs
  await started.close()
  return { startedMs, createdMs, closedMs: performance.now() - beginMs }
}

async function heapBytes(): Promise<number> {
  assert.ok(globalThis.gc, 'run it with --expose-gc, as the script does')
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function atQuantile(of: readonly number[], share: number): number {
  const sorted = of.toSorted((a, b) => a - b)
  return Number(sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(2))
}

const { startedAt, host } = describeHost()
const folder = join(resultsDirectory, 'testkit')
if (values.save) mkdirSync(folder, { recursive: true })
const stem = `${startedAt.slice(0, 16).replace('T', '-').replace(':', '')}-${host}`
const file = values.save ? new ResultsFile(join(folder, `${stem}.jsonl`)) : undefined
file?.append({ type: 'environment', ...describeHost(), commands: {} })

for (const { name, start, count } of cases) {
  const first = await lap(start)
  const warmUps = Math.min(50, count)
  for (let i = 0; i < warmUps; i++) await lap(start)
  const bytes = await heapBytes()
  const resources = process.getActiveResourcesInfo()
  const laps: Lap[] = []
  const cpuBefore = process.cpuUsage()
  for (let i = 0; i < count; i++) laps.push(await lap(start))
  const cpu = process.cpuUsage(cpuBefore)
  const created = laps.map(({ createdMs }) => createdMs)
  const figures = {
    starts: count,
    startMedianMs: atQuantile(
      laps.map(({ startedMs }) => startedMs),
      0.5,
    ),
    firstCreateMedianMs: atQuantile(created, 0.5),
    firstCreateP99Ms: atQuantile(created, 0.99),
    withCloseMedianMs: atQuantile(
      laps.map(({ closedMs }) => closedMs),
      0.5,
    ),
    cpuMsPerStart: Number(((cpu.user + cpu.system) / 1_000 / count).toFixed(2)),
    firstCreateOfTheProcessMs: Number(first.createdMs.toFixed(1)),
    heapBytesGrownPerStart: Math.round(((await heapBytes()) - bytes) / count),
    loadAverage: Number(loadavg()[0]!.toFixed(1)),
    resourcesLeft: process.getActiveResourcesInfo().length - resources.length,
  }
  console.log(name, figures)
  file?.append({ type: 'measurement', server: 'testkit', repetition: 1, case: name, figures })
}
