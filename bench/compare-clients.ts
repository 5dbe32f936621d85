/**
 * Measures clients for Node against one server: pipelined reads and writes of 100 bytes. Each round has every client
 * once, in another order, and figures are compared within a round: the machine's moods hit all alike.
 *
 *     npm run bench:clients -- --repetitions 5
 *
 * The npm package `zookeeper` is compiled at the first run; where that is not possible the others are measured.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { ZooKeeper } from '@quorate/client'
import { BenchedServer, type ServerKind } from './benched-server.ts'
import type { ClientLoad } from './client-load.ts'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

const root = join(import.meta.dirname, '..')
const subject = 'quorate'

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    'under-way': { type: 'string', default: '1000' },
    output: { type: 'string' },
  },
})

const addonFolder = await installedAddon()
const clients = [subject, 'node-zookeeper-client', ...(addonFolder === '' ? [] : ['zookeeper'])]
const operations = ['get', 'set'] as const
const kind: ServerKind = {
  name: subject,
  command: [join(root, 'packages/cli/bin/quorate'), 'server', '{config}'],
}

/** The folder of the addon, or '' without it. */
async function installedAddon(): Promise<string> {
  const { href } = pathToFileURL(join(root, 'interop/foreign/addon.ts'))
  const addon = (await import(href)) as { readonly installAddon: () => string }
  try {
    return addon.installAddon()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return ''
  }
}

async function prepareNodes(address: string): Promise<void> {
  await using zk = new ZooKeeper(address)
  const paths = Array.from({ length: 100 }, (_, i) => `/bench/${i}`)
  await zk.create('/bench')
  await Promise.all(paths.map((path) => zk.create(path, 'x'.repeat(100))))
}

async function loadOf(client: string, operation: string, address: string): Promise<ClientLoad> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=source',
    join(import.meta.dirname, 'client-load.ts'),
    client,
    address,
    operation,
    values['under-way'],
    values.seconds,
    addonFolder,
  ])
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as ClientLoad
}

/** Rounds by operation and client. */
type Loads = Record<string, Record<string, ClientLoad[]>>

async function measure(address: string, results: ResultsFile): Promise<Loads> {
  const loads: Loads = {}
  for (let repetition = 1; repetition <= Number(values.repetitions); repetition++)
    for (const operation of operations)
      for (let i = 0; i < clients.length; i++) {
        const client = clients[(i + repetition) % clients.length]!
        const load = await loadOf(client, operation, address)
        ;((loads[operation] ??= {})[client] ??= []).push(load)
        const figures = {
          operationsPerSecond: Math.round(load.operations / load.seconds),
          clientCpuUsPerOperation: round((load.cpuSeconds * 1e6) / load.operations),
          rssMb: load.rssMb,
        }
        results.append({
          type: 'measurement',
          server: client,
          repetition,
          case: operation,
          figures,
        })
        process.stderr.write(`${repetition} ${operation} ${client}: ${JSON.stringify(figures)}\n`)
      }
  return loads
}

function rate(load: ClientLoad): number {
  return load.operations / load.seconds
}

function cpu(load: ClientLoad): number {
  return (load.cpuSeconds * 1e6) / load.operations
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function round(figure: number): number {
  return Math.round(figure * 100) / 100
}

function table(loads: Loads): string {
  const rows = Object.entries(loads).flatMap(([operation, byClient]) =>
    Object.entries(byClient).map(([client, own]) => {
      const ours = byClient[subject]!
      const faster = median(own.map((load, i) => rate(ours[i]!) / rate(load)))
      const cells = [
        operation,
        client,
        Math.round(median(own.map(rate))),
        round(median(own.map(cpu))),
        round(faster),
        round(median(own.map((load, i) => cpu(ours[i]!) / cpu(load)))),
      ]
      return `| ${cells.join(' | ')} |`
    }),
  )
  return [
    '| operation | client | operations/s | CPU µs/operation | ours is faster by | our CPU is |',
    '|---|---|--:|--:|--:|--:|',
    ...rows,
  ].join('\n')
}

const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-clients-'))
const server = await BenchedServer.prepare(kind, directory, { snapCount: 1_000_000_000 })
try {
  server.launch()
  const results = ResultsFile.create(join(resultsDirectory, 'clients'), values.output)
  results.append({ type: 'environment', ...describeHost(), commands: {} })
  await prepareNodes(server.address)
  process.stdout.write(`${table(await measure(server.address, results))}\n`)
} finally {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
}
