/** The arguments of `quorate snapshot`. */
import { parseArgs } from 'node:util'

export interface SnapshotArguments {
  readonly action: 'help' | 'list' | 'verify' | 'summarise'
  readonly files: readonly string[]
  readonly wantsJson: boolean
  readonly wantsData: boolean
  readonly summary: SummaryRange
}

export interface SummaryRange {
  /** The node whose subtree is summed up. */
  readonly path: string
  /** How many levels below it are shown; 0: all. */
  readonly depthMax: number
}

export const summaryDefaults: SummaryRange = { path: '/', depthMax: 1 }

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseSnapshotArguments(args: readonly string[]): SnapshotArguments {
  const { values, positionals } = parseArgs({
    args: joinSummaryPath(args),
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      data: { type: 'boolean', default: false },
      verify: { type: 'boolean', default: false },
      summary: { type: 'string' },
      depth: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { verify, summary, depth, data } = values
  const parsed = {
    files: positionals,
    wantsJson: values.json,
    wantsData: data,
    summary: { path: parsePath(summary), depthMax: parseDepth(depth) },
  }
  if (values.help) return { ...parsed, action: 'help' }
  if (positionals.length === 0) throw new Error('no file was given; files come first')
  if (verify && summary !== undefined) {
    throw new Error('--verify and --summary were given together; one of them is allowed')
  }
  if (data && (verify || summary !== undefined)) {
    throw new Error('--data was given; it is allowed where nodes are printed')
  }
  if (depth !== undefined && summary === undefined) {
    throw new Error('--depth was given; it is allowed with --summary')
  }
  if (verify) return { ...parsed, action: 'verify' }
  return { ...parsed, action: summary === undefined ? 'list' : 'summarise' }
}

/** `--summary` may stand alone, which parseArgs does not know: a word behind it is its path if it looks like one. */
function joinSummaryPath(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    if (joined.at(-1) === '--summary') joined.pop()
    else {
      joined.push(arg)
      continue
    }
    if (arg.startsWith('/')) joined.push(`--summary=${arg}`)
    else joined.push(`--summary=${summaryDefaults.path}`, arg)
  }
  if (joined.at(-1) === '--summary') joined.splice(-1, 1, `--summary=${summaryDefaults.path}`)
  return joined
}

function parsePath(path = summaryDefaults.path): string {
  if (path === '/' || /^(\/[^/]+)+$/.test(path)) return path
  throw new Error(`found --summary=${path}; a path such as /a/b is allowed`)
}

function parseDepth(text: string | undefined): number {
  if (text === undefined) return summaryDefaults.depthMax
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Error(`found --depth ${text}; a number is allowed, 0 for all levels`)
}
