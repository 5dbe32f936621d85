/**
 * Measures servers of both kinds in one run, alternating, each part on a fresh directory per repetition. Raw results are
 * appended to a file of their own as the run goes on.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerKind } from './benched-server.ts'
import type { Figures, Report } from './cases.ts'
import { baseline, subject } from './comparison-table.ts'
import { describeHost, ResultsFile } from './results.ts'

/** What every comparison may be told; for `parseArgs`. */
export const comparisonOptions: ComparisonOptions = {
  repetitions: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '4' },
  keys: { type: 'string', default: '1000000' },
  'snap-count': { type: 'string', default: '100000' },
  servers: { type: 'string', default: `${baseline},${subject}` },
  scratch: { type: 'string', default: tmpdir() },
  output: { type: 'string' },
  java: { type: 'string', default: 'java' },
  'apache-classpath': {
    type: 'string',
    default: '/etc/zookeeper/conf_example:/usr/share/java/zookeeper.jar',
  },
}

interface StringOption {
  readonly type: 'string'
  readonly default: string
}

type ComparisonOptions = Readonly<
  Record<Exclude<keyof ComparisonValues, 'output'>, StringOption> & {
    output: { readonly type: 'string' }
  }
>

export interface ComparisonValues {
  readonly repetitions: string
  readonly seconds: string
  readonly keys: string
  readonly 'snap-count': string
  readonly servers: string
  readonly scratch: string
  readonly output?: string
  readonly java: string
  readonly 'apache-classpath': string
}

/** Measures one kind of server in a directory that is removed afterwards; stops what it starts. */
export type Part = (kind: ServerKind, directory: string, report: Report) => Promise<void>

const root = join(import.meta.dirname, '..')

/** @returns the file with the results */
export async function compareServers(
  values: ComparisonValues,
  parts: readonly Part[],
  resultsFolder: string,
): Promise<ResultsFile> {
  const kinds = serverKinds(values)
  const results = ResultsFile.create(resultsFolder, values.output)
  results.append({ type: 'environment', ...describeHost(), commands: commandsOf(kinds) })
  process.stderr.write(`results: ${results.path}\n`)
  for (let repetition = 1; repetition <= Number(values.repetitions); repetition++) {
    for (const part of parts) {
      for (const kind of kinds) {
        const directory = mkdtempSync(join(values.scratch, `quorate-bench-${kind.name}-`))
        try {
          await part(kind, directory, (name, figures) => {
            const { name: server } = kind
            results.append({ type: 'measurement', server, repetition, case: name, figures })
            process.stderr.write(`${server} ${repetition} ${name}: ${summary(figures)}\n`)
          })
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      }
    }
  }
  return results
}

function serverKinds(values: ComparisonValues): readonly ServerKind[] {
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
  ]
  return kinds.filter(({ name }) => values.servers.split(',').includes(name))
}

/** Paths of this machine say nothing to a reader of the results. */
function commandsOf(kinds: readonly ServerKind[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    kinds.map(({ name, command }) => [name, command.join(' ').replaceAll(`${root}/`, '')]),
  )
}

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
