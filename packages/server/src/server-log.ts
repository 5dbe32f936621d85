/**
 * The server's log: JSON lines, one an event, each with a stable `code`.
 *
 * pino takes as long to load as the rest of the server takes to start. So it is loaded when the port has been open for a
 * moment; lines written before that are kept, with their times, and come out first. The kept lines are bounded, since a
 * start writes few of them.
 */
import type { Logger } from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface LogLine {
  readonly level: LogLevel
  /** Stable, in the manner of SERVER_SERVING. */
  readonly code: string
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

/** Where the server says what happens to it. */
export interface LogSink {
  write(line: LogLine): void
}

const keptLinesMax = 1_000

export class ServerLog implements LogSink {
  readonly #level: string
  #logger: Logger | undefined
  #kept: (LogLine & { readonly time: number })[] = []

  /** @param level the least severe level that is written, or `silent` */
  constructor(level: string) {
    this.#level = level
  }

  write(line: LogLine): void {
    const time = Date.now()
    if (this.#logger !== undefined) emit(this.#logger, line, time)
    else if (this.#kept.length < keptLinesMax) this.#kept.push({ ...line, time })
  }

  /** Loads pino and writes what was kept. */
  async open(): Promise<void> {
    if (this.#logger !== undefined) return
    const { destination, pino } = await import('pino')
    const logger = pino(
      { level: this.#level, timestamp: false },
      destination({ fd: 1, sync: false }),
    )
    this.#logger = logger
    for (const line of this.#kept) emit(logger, line, line.time)
    this.#kept = []
  }

  /** Resolves when everything written so far has left the process. */
  async flush(): Promise<void> {
    await this.open()
    await new Promise<void>((resolve) => this.#logger!.flush(() => resolve()))
  }
}

function emit(logger: Logger, line: LogLine, time: number): void {
  logger[line.level]({ time, code: line.code, ...line.fields }, line.message)
}
