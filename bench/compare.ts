/**
 * Measures Apache ZooKeeper and Quorate in one run, alternating, each on a fresh directory per repetition.
 *
 *     npm run bench -- --repetitions 3
 *
 * Writes raw results to bench/results/ and prints the table of medians. Linux only (it reads /proc); Apache is Debian's
 * package `zookeeper` unless --apache-classpath says otherwise.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchedServer, type ServerKind } from './benched-server.ts'
import { type CaseOptions, type Figures, measureLarge, measureSmall } from './cases.ts'
import { baseline, renderComparison, subject } from './comparison-table.ts'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    keys: { type: 'string', default: '1000000' },
    'snap-count': { type: 'string', default: '100000' },
    servers: { type: 'string', default: `${baseline},${subject}` },
    parts: { type: 'string', default: 'small,large' },
    scratch: { type: 'string', default: tmpdir() },
    output: { type: 'string' },
    java: { type: 'string', default: 'java' },
    'apache-classpath': {
      type: 'string',
      default: '/etc/zookeeper/conf_example:/usr/share/java/zookeeper.jar',
    },
  },
})

const root = join(import.meta.dirname, '..')
const kinds: readonly ServerKind[] = [
  {
    name: baseline,
    // 1,000 MB of heap is what Apache's own start script gives.
    command: [
      values.java,
      '-Xmx1000m',
      '-cp',
      values['apache-classpath'],
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      '{config}',
    ],
  },
  { name: subject, command: [join(root, 'packages/cli/bin/quorate'), 'server', '{config}'] },
].filter(({ name }) => values.servers.split(',').includes(name))

const parts = { small: measureSmall, large: measureLarge } as const
const options: CaseOptions = { seconds: Number(values.seconds), manyKeys: Number(values.keys) }

async function measure(
  kind: ServerKind,
  part: keyof typeof parts,
  report: (name: string, figures: Figures) => void,
): Promise<void> {
  const directory = mkdtempSync(join(values.scratch, `quorate-bench-${kind.name}-`))
  const server = await BenchedServer.prepare(kind, directory, Number(values['snap-count']))
  try {
    await parts[part](server, options, report)
  } catch (error) {
    process.stderr.write(`${kind.name} wrote: ${server.lastOutput()}\n`)
    throw error
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

function newResultsFile(): ResultsFile {
  mkdirSync(resultsDirectory, { recursive: true })
  const { startedAt, host } = describeHost()
  const stem = `${startedAt.slice(0, 16).replace('T', '-').replace(':', '')}-${host}`
  const path = values.output ?? join(resultsDirectory, `${stem}.jsonl`)
  if (existsSync(path)) throw new Error(`${path} exists; results are not overwritten`)
  return new ResultsFile(path)
}

const results = newResultsFile()
// Paths of this machine say nothing to a reader of the results.
const commands = Object.fromEntries(
  kinds.map(({ name, command }) => [name, command.join(' ').replaceAll(`${root}/`, '')]),
)
results.append({ type: 'environment', ...describeHost(), commands })
process.stderr.write(`results: ${results.path}\n`)
for (let repetition = 1; repetition <= Number(values.repetitions); repetition++) {
  for (const part of ['small', 'large'] as const) {
    if (!values.parts.split(',').includes(part)) continue
    for (const kind of kinds) {
      await measure(kind, part, (name, figures) => {
        results.append({ type: 'measurement', server: kind.name, repetition, case: name, figures })
        process.stderr.write(`${kind.name} ${repetition} ${name}: ${summary(figures)}\n`)
      })
    }
  }
}
process.stdout.write(`${renderComparison(results.lines())}\n`)

function summary(figures: Figures): string {
  const shown = [
    'operationsPerSecond',
    'milliseconds',
    'p99Us',
    'maxUs',
    'serverCpuSecondsPer1000',
    'serverRssMb',
    'snapshots',
    'otherCpus',
  ]
  return shown
    .filter((name) => name in figures)
    .map((name) => `${name} ${figures[name]}`)
    .join(', ')
}
