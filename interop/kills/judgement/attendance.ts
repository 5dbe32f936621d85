/** When a worker ran and had a connection, by its own account and by that of whoever stopped and killed it. */
import type { Witness } from './judgement.ts'

export interface Span {
  readonly fromUs: number
  readonly toUs: number
}

export class Attendance {
  readonly #spans: readonly Span[]
  readonly #witness: Witness

  constructor(witness: Witness) {
    this.#witness = witness
    this.#spans = connectedSpans(witness)
  }

  /** Whether it ran and was connected all that time. */
  covers({ fromUs, toUs }: Span): boolean {
    const { pauses } = this.#witness
    return (
      this.#spans.some((span) => span.fromUs <= fromUs && span.toUs >= toUs) &&
      !pauses.some((pause) => pause.fromUs <= toUs && pause.toUs >= fromUs)
    )
  }
}

function connectedSpans({ journal, killedAtUs }: Witness): readonly Span[] {
  const spans: Span[] = []
  let fromUs: number | undefined
  const end = (toUs: number): void => {
    if (fromUs !== undefined) spans.push({ fromUs, toUs })
    fromUs = undefined
  }
  for (const { atUs, word } of journal.said) {
    if (word.type === 'connected') fromUs ??= atUs
    else if (['cutOff', 'expired', 'began', 'closed'].includes(word.type)) end(atUs)
  }
  // What it said last, it said when it ran.
  end(Math.min(journal.said.at(-1)?.atUs ?? 0, killedAtUs ?? Infinity))
  return spans
}
