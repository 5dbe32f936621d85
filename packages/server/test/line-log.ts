import type { LogLine, LogSink } from '../src/server-log.ts'

/** Keeps what a server logs, and lets a test wait for a line. */
export class LineLog implements LogSink {
  readonly lines: LogLine[] = []
  #wakes: (() => void)[] = []

  write(line: LogLine): void {
    this.lines.push(line)
    for (const wake of this.#wakes.splice(0)) wake()
  }

  /** The first line with this code, at `from` or behind it. */
  async until(
    code: string,
    options: { readonly from?: number; readonly where?: (line: LogLine) => boolean } = {},
  ): Promise<LogLine> {
    const { from = 0, where = () => true } = options
    for (;;) {
      const line = this.lines.slice(from).find((each) => each.code === code && where(each))
      if (line !== undefined) return line
      await new Promise<void>((resolve) => this.#wakes.push(resolve))
    }
  }
}
