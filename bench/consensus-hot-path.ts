/**
 * Measures the Zab engine alone: proposals per second through a leader and two followers in one process, on links that hand bytes
 * over directly and a history that completes at once. What it leaves out is what a server adds: sockets, the disk, the tree.
 *
 *     npm run bench:consensus -- --seconds 5
 *
 * Writes bench/results/consensus/<time>-<host>.json and prints it as a table.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InMemoryEnsemble } from './in-memory-ensemble.ts'
import { describeHost, resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    repetitions: { type: 'string', default: '3' },
    bytes: { type: 'string', default: '1024' },
    batches: { type: 'string', default: '1,16,256' },
  },
})

interface Figures {
  /** Proposals submitted in one turn of the leader. */
  readonly batch: number
  readonly proposalsPerSecond: number
  /** Of this process, collector included: what the rate would be without neighbours. */
  readonly proposalsPerCpuSecond: number
  /** Bytes that the heap grew by between collections, all three servers together. */
  readonly heapBytesPerProposal: number
  /** Bytes of buffers outside the heap, such as the chunks of the window. */
  readonly bufferBytesPerProposal: number
}

const collect = globalThis.gc
if (collect === undefined)
  throw new Error('run it with --expose-gc, as npm run bench:consensus does')

/** What proposals allocate, from the growth of memory while no collection takes place: in runs short enough for that. */
function measureAllocation(ensemble: InMemoryEnsemble, batch: number): [number, number] {
  const heap: number[] = []
  const buffers: number[] = []
  const count = Math.max(1, Math.floor(2_000 / batch))
  for (let sample = 0; sample < 9; sample++) {
    collect!()
    const before = process.memoryUsage()
    for (let i = 0; i < count; i++) ensemble.commit(batch)
    const after = process.memoryUsage()
    heap.push((after.heapUsed - before.heapUsed) / (count * batch))
    buffers.push((after.arrayBuffers - before.arrayBuffers) / (count * batch))
  }
  return [median(heap), median(buffers)]
}

/** Proposals per second, by the clock and by the processor's time. */
function measureRates(
  ensemble: InMemoryEnsemble,
  batch: number,
  seconds: number,
): [number, number] {
  const start = performance.now()
  const startCpu = process.cpuUsage()
  let proposals = 0
  let elapsedMs = 0
  while (elapsedMs < seconds * 1_000) {
    for (let i = 0; i < 100; i++) ensemble.commit(batch)
    proposals += 100 * batch
    elapsedMs = performance.now() - start
  }
  const { user, system } = process.cpuUsage(startCpu)
  return [(proposals / elapsedMs) * 1_000, (proposals / (user + system)) * 1_000_000]
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!
}

const seconds = Number(values.seconds)
const figures: Figures[] = values.batches.split(',').map((text) => {
  const batch = Number(text)
  const ensemble = new InMemoryEnsemble(Number(values.bytes))
  measureRates(ensemble, batch, 1)
  const rates = Array.from({ length: Number(values.repetitions) }, () =>
    measureRates(ensemble, batch, seconds),
  )
  const [heap, buffers] = measureAllocation(ensemble, batch)
  return {
    batch,
    proposalsPerSecond: Math.round(median(rates.map(([byClock]) => byClock))),
    proposalsPerCpuSecond: Math.round(median(rates.map(([, byCpu]) => byCpu))),
    heapBytesPerProposal: Math.round(heap),
    bufferBytesPerProposal: Math.round(buffers),
  }
})

const { startedAt, host, cpu, node } = describeHost()
const command = `npm run bench:consensus -- --seconds ${values.seconds} --repetitions ${values.repetitions} --bytes ${values.bytes} --batches ${values.batches}`
/** What else the machine did: above the one process that measures it makes the rates too low. */
const load = Math.round(loadavg()[0]! * 10) / 10
const result = {
  startedAt,
  host,
  cpu,
  node,
  load,
  command,
  bytesPerTxn: Number(values.bytes),
  figures,
}
const directory = join(resultsDirectory, 'consensus')
mkdirSync(directory, { recursive: true })
const path = join(
  directory,
  `${startedAt.slice(0, 16).replace('T', '-').replace(':', '')}-${host}.json`,
)
writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`, { flag: 'wx' })
const rows = figures.map(
  (it) =>
    `| ${it.batch} | ${it.proposalsPerSecond.toLocaleString('en')} | ${it.proposalsPerCpuSecond.toLocaleString('en')} | ${it.heapBytesPerProposal.toLocaleString('en')} | ${it.bufferBytesPerProposal.toLocaleString('en')} |`,
)
process.stdout.write(
  `| proposals a turn | proposals/s | per CPU second | heap bytes each | buffer bytes each |\n|---:|---:|---:|---:|---:|\n${rows.join('\n')}\n\n${path}\n`,
)
