/** Measurements of two servers as Markdown: medians side by side, and the ratio of the second server's to the first's. */
import type { Environment, Measurement, ResultLine } from './results.ts'

export const baseline = 'apache'
export const subject = 'quorate'

interface Figure {
  readonly case: string
  readonly figure: string
  readonly title: string
}

/** Single figures, with the case that yields each. Less is better in all of them. */
const standaloneSingles: readonly Figure[] = [
  { case: 'start-up', figure: 'milliseconds', title: 'start to first reply, ms' },
  { case: 'idle', figure: 'serverRssMb', title: 'memory when idle, MB' },
  { case: 'loaded', figure: 'serverRssMb', title: 'memory after the loads, MB' },
  {
    case: 'watch 100 × 100',
    figure: 'medianRoundMs',
    title: '10,000 watches: first write to last notification, ms',
  },
  { case: 'large: filled', figure: 'serverRssMb', title: 'large tree: memory, MB' },
  { case: 'large: filled', figure: 'diskMb', title: 'large tree: disk, MB' },
  {
    case: 'large: restart',
    figure: 'milliseconds',
    title: 'large tree: start after kill -9 to first reply, ms',
  },
  { case: 'large: restarted', figure: 'serverRssMb', title: 'large tree: memory after that, MB' },
  { case: 'large: quiet pings', figure: 'maxUs', title: 'large tree: longest ping, quiet, µs' },
  {
    case: 'large: pings during snapshots',
    figure: 'p99Us',
    title: 'large tree: p99 ping during writes and snapshots, µs',
  },
  {
    case: 'large: pings during snapshots',
    figure: 'maxUs',
    title: 'large tree: longest ping during writes and snapshots, µs',
  },
]

/** Single figures of ensembles; memory is that of the three servers together. */
const ensembleSingles: readonly Figure[] = [
  { case: 'idle', figure: 'serverRssMb', title: 'memory when idle, MB' },
  { case: 'loaded', figure: 'serverRssMb', title: 'memory after the loads, MB' },
  ...['kill -9 of the leader', 'SIGSTOP of the leader'].flatMap((name) => [
    { case: name, figure: 'longestGapMs', title: `${name}: no acknowledged write for, ms` },
    { case: name, figure: 'medianGapOfWritersMs', title: `${name}: median of 12 writers, ms` },
    { case: name, figure: 'ambiguous', title: `${name}: ambiguous writes` },
  ]),
  { case: 'join', figure: 'milliseconds', title: 'a follower without a disk joins, ms' },
  { case: 'join: writes before', figure: 'p99Us', title: 'p99 of writes before that, µs' },
  { case: 'join: writes meanwhile', figure: 'p99Us', title: 'p99 of writes meanwhile, µs' },
]

export function renderEnsembles(lines: readonly ResultLine[]): string {
  const environment = lines.find((line) => line.type === 'environment')
  const measurements = lines.filter((line) => line.type === 'measurement')
  return [
    ...(environment === undefined
      ? []
      : [
          describe(
            environment,
            measurements,
            'Three servers of a kind on that machine; 1 KiB values.',
          ),
          '',
        ]),
    ...rateTable(measurements, (name) => !/outage|leader|join|fill/.test(name)),
    '',
    ...singleTable(measurements, ensembleSingles),
  ].join('\n')
}

export function renderComparison(lines: readonly ResultLine[]): string {
  const environment = lines.find((line) => line.type === 'environment')
  const measurements = lines.filter((line) => line.type === 'measurement')
  return [
    ...(environment === undefined
      ? []
      : [describe(environment, measurements, describeTree(measurements)), '']),
    ...rateTable(measurements),
    '',
    ...singleTable(measurements, standaloneSingles),
    '',
    ...diskTable(measurements),
  ].join('\n')
}

function describe(
  environment: Environment,
  measurements: readonly Measurement[],
  whatRan: string,
): string {
  const repetitions = new Set(measurements.map(({ repetition }) => repetition)).size
  const disturbed = measurements.filter(({ figures }) => Number(figures['otherCpus'] ?? 0) > 0.35)
  const versions = [baseline, subject].map(
    (server) => `${server} ${textOf(measurements, server, 'version') ?? '(not measured)'}`,
  )
  return [
    `Measured on ${environment.startedAt.slice(0, 10)}: ${versions.join(', ')};`,
    `${environment.cpuCount} CPUs (${environment.cpu}), ${environment.memoryGb} GB, Linux ${environment.kernel}, Node ${environment.node}.`,
    `Medians of ${repetitions} repetition(s), servers alternating; ratio = quorate ÷ apache.`,
    whatRan,
    `Other processes took more than 0.35 CPUs during ${disturbed.length} of ${measurements.length} measurements.`,
  ].join(' ')
}

function describeTree(measurements: readonly Measurement[]): string {
  const nodeCount = medianOf(measurements, baseline, 'large: fill 8 × 128', 'operations')
  return `The large tree has ${formatted(nodeCount)} nodes of 100 bytes; values are 1 KiB otherwise.`
}

function rateTable(
  measurements: readonly Measurement[],
  isShown: (name: string) => boolean = () => true,
): readonly string[] {
  return table(
    [
      'connections × depth',
      'apache op/s',
      'quorate op/s',
      'ratio',
      'CPU per op: ratio',
      'apache p99 µs',
      'quorate p99 µs',
    ],
    casesWith(measurements, 'operationsPerSecond')
      .filter(isShown)
      .map((name) => {
        const [apacheP99, quorateP99] = pair(measurements, name, 'p99Us')
        return [
          name,
          ...withRatio(measurements, name, 'operationsPerSecond'),
          withRatio(measurements, name, 'serverCpuSecondsPer1000')[2]!,
          formatted(apacheP99),
          formatted(quorateP99),
        ]
      }),
  )
}

function singleTable(
  measurements: readonly Measurement[],
  singles: readonly Figure[],
): readonly string[] {
  return table(
    ['measure (less is better)', 'apache', 'quorate', 'ratio'],
    singles.map(({ case: name, figure, title }) => [
      title,
      ...withRatio(measurements, name, figure),
    ]),
  )
}

/** What the disk had to take meanwhile, where there were writes. */
function diskTable(measurements: readonly Measurement[]): readonly string[] {
  return table(
    ['case', 'apache disk MB/s', 'quorate disk MB/s', 'apache snapshots', 'quorate snapshots'],
    casesWith(measurements, 'snapshots')
      .filter((name) =>
        pair(measurements, name, 'serverDiskMbPerSecond').some((mb) => (mb ?? 0) > 0.1),
      )
      .map((name) => [
        name,
        ...pair(measurements, name, 'serverDiskMbPerSecond').map(formatted),
        ...pair(measurements, name, 'snapshots').map(formatted),
      ]),
  )
}

/** Both medians and their ratio, as text. */
function withRatio(
  measurements: readonly Measurement[],
  name: string,
  figure: string,
): readonly string[] {
  const [first, second] = pair(measurements, name, figure)
  const ratio =
    first === undefined || second === undefined || first === 0 ? '–' : (second / first).toFixed(2)
  return [formatted(first), formatted(second), ratio]
}

function pair(
  measurements: readonly Measurement[],
  name: string,
  figure: string,
): readonly [number | undefined, number | undefined] {
  return [
    medianOf(measurements, baseline, name, figure),
    medianOf(measurements, subject, name, figure),
  ]
}

function medianOf(
  measurements: readonly Measurement[],
  server: string,
  name: string,
  figure: string,
): number | undefined {
  return median(
    measurements
      .filter((line) => line.server === server && line.case === name && figure in line.figures)
      .map(({ figures }) => Number(figures[figure])),
  )
}

function textOf(
  measurements: readonly Measurement[],
  server: string,
  figure: string,
): string | undefined {
  const found = measurements.find((line) => line.server === server && figure in line.figures)
  return found === undefined ? undefined : String(found.figures[figure])
}

/** Cases that have the figure, in the order of the run; pings are told apart, among the single figures. */
function casesWith(measurements: readonly Measurement[], figure: string): readonly string[] {
  const names = measurements.filter(({ figures }) => figure in figures).map((line) => line.case)
  return [...new Set(names)].filter((name) => !name.includes('pings'))
}

/** The middle value, or the mean of the two middle ones; undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function formatted(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}
