/**
 * Files of measurements: JSON lines, the first of which tells where and when. They are written as the run goes on, so an
 * aborted run leaves what it had.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'

export interface Environment {
  readonly type: 'environment'
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly host: string
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  /** How each server was started, by its name. */
  readonly commands: Readonly<Record<string, string>>
}

export interface Measurement {
  readonly type: 'measurement'
  readonly server: string
  readonly repetition: number
  readonly case: string
  readonly figures: Readonly<Record<string, string | number>>
}

export type ResultLine = Environment | Measurement

export const resultsDirectory: string = join(import.meta.dirname, 'results')

export function describeHost(): Omit<Environment, 'type' | 'commands'> {
  return {
    startedAt: new Date().toISOString(),
    host: `${platform()}-${arch()}-${cpus().length}cpu`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  }
}

export class ResultsFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** A new file, named by time and host unless a path is given. */
  static create(folder: string, path?: string): ResultsFile {
    mkdirSync(folder, { recursive: true })
    const { startedAt, host } = describeHost()
    const stem = `${startedAt.slice(0, 16).replace('T', '-').replace(':', '')}-${host}`
    const file = new ResultsFile(path ?? join(folder, `${stem}.jsonl`))
    if (existsSync(file.path)) throw new Error(`${file.path} exists; results are not overwritten`)
    return file
  }

  append(line: ResultLine): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`)
  }

  lines(): readonly ResultLine[] {
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ResultLine)
  }
}

/** The newest file of results in a folder, by its name; undefined when there is none. */
export function newestResults(folder: string): ResultsFile | undefined {
  if (!existsSync(folder)) return undefined
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  const newest = names.toSorted().at(-1)
  return newest === undefined ? undefined : new ResultsFile(join(folder, newest))
}
