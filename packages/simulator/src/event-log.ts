/**
 * What happened, one line an event. The hash over all lines is what two runs of a seed must have in common; the last lines are
 * kept for the report of a failure.
 *
 * A line is handed over as a pattern and its parts, and becomes text only when somebody wants to read it: runs of many seeds
 * never do. The hash is that of the pattern and the parts, so it is the same whether there is a reader or not.
 */

/** Lines of a failing run that its report shows. */
const tailLength = 80
/** Patterns with something in them besides their parts could be any number. */
const knownTextsMost = 1_000

export type LineSink = (line: string) => void

/** Fills a `%` of a pattern. */
export type Part = string | number | LongPart

/** A part whose text is made for a reader only; of the hash it has its mark. */
export interface LongPart {
  readonly mark: string
  toString(): string
}

/** A line that has not been formatted. */
interface Line {
  atUs: number
  step: number
  actor: string
  isNote: boolean
  pattern: string
  a: Part | undefined
  b: Part | undefined
  c: Part | undefined
}

export class EventLog {
  readonly #sink: LineSink | undefined
  /** A ring, written over again and again. */
  readonly #tail: Line[] = []
  /** Of actors and patterns, which are few and long. Parts are many and short: a look-up costs more than their hash. */
  readonly #hashByText = new Map<string, number>()
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
    const oldest = this.#lineCount % tailLength
    return [...this.#tail.slice(oldest), ...this.#tail.slice(0, oldest)].map(format)
  }

  /**
   * `<ms since the start> #<step> <actor> <text>`
   * @param isNote within the event of this step: the text is indented
   * @param pattern with a `%` for each part that is given
   */
  write(
    atUs: number,
    step: number,
    actor: string,
    isNote: boolean,
    pattern: string,
    a?: Part,
    b?: Part,
    c?: Part,
  ): void {
    this.#mix(atUs)
    this.#mix(step)
    this.#mix(this.#hashOf(actor))
    this.#mix(this.#hashOf(pattern))
    if (a !== undefined) this.#mixPart(a)
    if (b !== undefined) this.#mixPart(b)
    if (c !== undefined) this.#mixPart(c)
    const line = this.#nextLine()
    line.atUs = atUs
    line.step = step
    line.actor = actor
    line.isNote = isNote
    line.pattern = pattern
    line.a = a
    line.b = b
    line.c = c
    this.#sink?.(format(line))
  }

  #nextLine(): Line {
    const at = this.#lineCount++ % tailLength
    return (this.#tail[at] ??= {
      atUs: 0,
      step: 0,
      actor: '',
      isNote: false,
      pattern: '',
      a: undefined,
      b: undefined,
      c: undefined,
    })
  }

  #hashOf(text: string): number {
    const known = this.#hashByText.get(text)
    if (known !== undefined) return known
    const hash = hashOf(text)
    if (this.#hashByText.size < knownTextsMost) this.#hashByText.set(text, hash)
    return hash
  }

  #mixPart(part: Part): void {
    if (typeof part === 'number') this.#mix(part)
    else this.#mix(hashOf(typeof part === 'string' ? part : part.mark))
  }

  /** A whole number, as its two halves. */
  #mix(value: number): void {
    const low = Math.imul(this.#low ^ (value | 0), 0x0100_0193)
    this.#low = low ^ (low >>> 13)
    this.#high =
      Math.imul(this.#high ^ Math.floor(value / 0x1_0000_0000), 0x0100_01b3) ^ (this.#low >>> 15)
  }
}

function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193)
  return hash
}

function format({ atUs, step, actor, isNote, pattern, a, b, c }: Line): string {
  const parts = [a, b, c]
  let used = 0
  // Without parts a % is nothing but a %.
  const text =
    a === undefined ? pattern : pattern.replaceAll('%', () => String(parts[used++] ?? '%'))
  return `${formatUs(atUs)} #${step} ${actor} ${isNote ? '  ' : ''}${text}`
}

/** Milliseconds with three decimals. */
export function formatUs(atUs: number): string {
  return `${Math.floor(atUs / 1_000)}.${String(atUs % 1_000).padStart(3, '0')}`
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
