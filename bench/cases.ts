/** What is measured on each server, in order. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as elapsed } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { BenchedServer } from './benched-server.ts'

export type Figures = Readonly<Record<string, string | number>>
export type Report = (name: string, figures: Figures) => void

export interface CaseOptions {
  /** Length of each measurement. */
  readonly seconds: number
  /** Nodes of the large tree. */
  readonly manyKeys: number
}

const quorate = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'quorate')
const run = promisify(execFile)

/** Loads of 1 KiB values: connections × requests under way on each. */
export const loads = [
  { name: 'reads 50 × 1', connections: 50, depth: 1, reads: 100 },
  { name: 'reads 20 × 64', connections: 20, depth: 64, reads: 100 },
  { name: '90 % reads 50 × 1', connections: 50, depth: 1, reads: 90 },
  { name: '90 % reads 20 × 64', connections: 20, depth: 64, reads: 90 },
  { name: 'writes 50 × 1', connections: 50, depth: 1, reads: 0 },
  { name: 'writes 20 × 64', connections: 20, depth: 64, reads: 0 },
] as const

/** Start-up, loads, sessions and watches on a server with an empty directory. */
export async function measureSmall(
  server: BenchedServer,
  { seconds }: CaseOptions,
  report: Report,
): Promise<void> {
  report('start-up', await launch(server, { timeout: 60 }))
  await elapsed(3_000)
  report('idle', { ...(await bench(server, 'probe', {})), version: await server.version() })
  // A virtual machine compiles what is hot: let it, before anything counts.
  await bench(server, 'load', { connections: 20, depth: 16, reads: 50, seconds: 2 * seconds })
  for (const { name, ...load } of loads) {
    report(name, await benchWithSnapshots(server, 'load', { ...load, seconds }))
  }
  report(
    'create 20 × 16',
    await bench(server, 'create', {
      connections: 20,
      depth: 16,
      size: 100,
      keys: Math.round(5_000 * seconds),
    }),
  )
  report('sessions, 32 at a time', await bench(server, 'sessions', { connections: 32, seconds }))
  report('watch 100 × 100', await bench(server, 'watch', { connections: 100, keys: 100 }))
  report('loaded', await bench(server, 'probe', {}))
}

/** A large tree, a million nodes unless told otherwise: memory, disk, loads, pauses during snapshots, and a crash. */
export async function measureLarge(
  server: BenchedServer,
  { seconds, manyKeys: keys }: CaseOptions,
  report: Report,
): Promise<void> {
  const size = 100
  await launch(server, { timeout: 60 })
  const filled = await benchWithSnapshots(server, 'fill', {
    connections: 8,
    depth: 128,
    keys,
    size,
  })
  await elapsed(3_000)
  report('large: fill 8 × 128', filled)
  report('large: filled', {
    ...(await bench(server, 'probe', {})),
    diskMb: server.diskMb(),
    version: await server.version(),
  })
  for (const { name, ...load } of loads.slice(0, 4)) {
    const figures = await benchWithSnapshots(server, 'load', { ...load, keys, size, seconds })
    report(`large: ${name}`, figures)
  }
  report('large: quiet pings', await bench(server, 'pauses', { seconds }))
  const pauseSeconds = 4 * seconds
  const [pings] = await Promise.all([
    benchWithSnapshots(server, 'pauses', { seconds: pauseSeconds }),
    bench(server, 'load', {
      connections: 4,
      depth: 64,
      reads: 0,
      keys,
      size,
      seconds: pauseSeconds,
      'warm-up': 0,
    }),
  ])
  report('large: pings during snapshots', pings)
  await server.crash()
  const path = lastPath(keys, size)
  report('large: restart', await launch(server, { path, timeout: 300 }))
  await elapsed(3_000)
  report('large: restarted', await bench(server, 'probe', {}))
}

/** Starts the server while a probe already knocks, so that the probe's own start does not count. */
async function launch(server: BenchedServer, options: Figures): Promise<Figures> {
  const probing = run(quorate, benchArguments('probe', { server: server.address, ...options }))
  await elapsed(1_000)
  server.launch()
  const { stdout } = await probing
  server.assertListens()
  const { servedAtUnixMs } = JSON.parse(stdout) as { readonly servedAtUnixMs: number }
  return { milliseconds: servedAtUnixMs - server.startedAtMs }
}

async function benchWithSnapshots(
  server: BenchedServer,
  mode: string,
  options: Figures,
): Promise<Figures> {
  const before = server.snapshotCount()
  const figures = await bench(server, mode, options)
  return { ...figures, snapshots: server.snapshotCount() - before }
}

/** The last node that `fill` makes. */
export function lastPath(keys: number, size: number): string {
  const parent = String(Math.ceil(keys / 1_000) - 1).padStart(4, '0')
  return `/bench-${size}/d${parent}/n${String((keys - 1) % 1_000).padStart(3, '0')}`
}

function bench(server: BenchedServer, mode: string, options: Figures): Promise<Figures> {
  return runBench(mode, { server: server.address, 'server-pid': server.pid!, ...options })
}

/** One run of `quorate bench`, in a process of its own. */
export async function runBench(mode: string, options: Figures): Promise<Figures> {
  const { stdout } = await run(quorate, benchArguments(mode, options))
  return JSON.parse(stdout) as Figures
}

function benchArguments(mode: string, options: Figures): string[] {
  const named = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  return ['bench', mode, '--json', ...named]
}
