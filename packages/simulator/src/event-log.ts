/**
 * What happened, one line an event. The hash over all lines is what two runs of a seed must have in common; the last lines are
 * kept for the report of a failure.
 */

/** Lines of a failing run that its report shows. */
const tailLength = 60

export type LineSink = (line: string) => void

export class EventLog {
  readonly #sink: LineSink | undefined
  readonly #tail: string[] = []
  #low = 0x811c_9dc5
  #high = 0x1234_5678
  #lineCount = 0

  /** @param sink gets every line, for `--trace` */
  constructor(sink?: LineSink) {
    this.#sink = sink
  }

  get lineCount(): number {
    return this.#lineCount
  }

  /** Of all lines so far: 16 hex digits. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low)
  }

  get tail(): readonly string[] {
    return this.#tail
  }

  /** `<ms since the start> #<step> <actor> <text>` */
  write(atUs: number, step: number, actor: string, text: string): void {
    const line = `${formatUs(atUs)} #${step} ${actor} ${text}`
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      this.#low = Math.imul(this.#low ^ code, 0x0100_0193)
      this.#high = Math.imul(this.#high ^ code, 0x0100_01b3) ^ (this.#low >>> 15)
    }
    this.#lineCount++
    this.#tail.push(line)
    if (this.#tail.length > 2 * tailLength) this.#tail.splice(0, tailLength)
    this.#sink?.(line)
  }
}

/** Milliseconds with three decimals. */
export function formatUs(atUs: number): string {
  return `${Math.floor(atUs / 1_000)}.${String(atUs % 1_000).padStart(3, '0')}`
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
