/** The options of `quorate bench`, from the command line to numbers. */
import { parseArgs } from 'node:util'
import type { Address } from './raw-session.ts'

export interface BenchOptions {
  /** At least one. Modes with one connection use the first. */
  readonly servers: readonly Address[]
  readonly connectionCount: number
  readonly depth: number
  readonly readPercent: number
  readonly valueSize: number
  readonly keyCount: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly rounds: number
  readonly intervalMs: number
  readonly threadCount: number
  readonly seed: number
  readonly path: string
  readonly timeoutSeconds: number
  /** Empty: nothing is asked of the kernel. */
  readonly serverPids: readonly number[]
}

export interface BenchCommandLine {
  /** Undefined when none was given. */
  readonly mode: string | undefined
  readonly wantsHelp: boolean
  readonly wantsJson: boolean
  readonly options: BenchOptions
}

/** @throws Error that says which argument is wrong, and what is allowed */
export function parseBenchArguments(args: readonly string[]): BenchCommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      server: { type: 'string', default: '127.0.0.1:2181' },
      connections: { type: 'string', default: '50' },
      depth: { type: 'string', default: '1' },
      reads: { type: 'string', default: '100' },
      size: { type: 'string', default: '1024' },
      keys: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '1' },
      rounds: { type: 'string', default: '10' },
      interval: { type: 'string', default: '1' },
      threads: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      path: { type: 'string', default: '/' },
      timeout: { type: 'string', default: '60' },
      'server-pid': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    mode: positionals[0],
    wantsHelp: values.help,
    wantsJson: values.json,
    options: {
      servers: values.server.split(',').map(parseAddress),
      connectionCount: integer('connections', values.connections, 1, 60_000),
      depth: integer('depth', values.depth, 1, 10_000),
      readPercent: decimal('reads', values.reads, 0, 100),
      valueSize: integer('size', values.size, 0, 1_000_000),
      keyCount: integer('keys', values.keys, 1, 10_000_000),
      seconds: decimal('seconds', values.seconds, 0.1, 86_400),
      warmUpSeconds: decimal('warm-up', values['warm-up'], 0, 3_600),
      rounds: integer('rounds', values.rounds, 1, 1_000_000),
      intervalMs: decimal('interval', values.interval, 0, 60_000),
      threadCount: integer('threads', values.threads, 1, 64),
      seed: integer('seed', values.seed, 0, 2 ** 31 - 1),
      path: values.path,
      timeoutSeconds: decimal('timeout', values.timeout, 0.1, 86_400),
      serverPids: (values['server-pid']?.split(',') ?? []).map((pid) =>
        integer('server-pid', pid, 1, 2 ** 31 - 1),
      ),
    },
  }
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  if (colon < 1) throw new Error(`--server is "${text}"; it must be HOST:PORT`)
  return { host, port: integer('server', text.slice(colon + 1), 1, 65_535) }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = decimal(name, text, min, max)
  if (!Number.isInteger(value)) throw new Error(`--${name} is ${text}; it must be a whole number`)
  return value
}

function decimal(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= min && value <= max)) {
    throw new Error(`--${name} is "${text}"; a number between ${min} and ${max} is allowed`)
  }
  return value
}
