/** A whole differential run: rounds under every configuration, differences made small, coverage summed up. */
import { type Configuration, configurations } from './configurations.ts'
import { Coverage } from './coverage.ts'
import { directedSteps, reachableCells } from './directed-cases.ts'
import { intendedDifferences } from './intended-differences.ts'
import { Pair, type SubjectKind } from './pair.ts'
import { describeDifference, describeStep } from './report.ts'
import { generateRound, preamble } from './round-generator.ts'
import { shrinkSteps } from './shrinking.ts'

export interface RunOptions {
  readonly seed: number
  readonly operations: number
  readonly subject: SubjectKind
  /** Only this one; default: all, by their shares. */
  readonly configuration?: string
  /** Only this round. */
  readonly round?: number
  /** Differences after which the run ends. */
  readonly differenceCountMax: number
  readonly shrinks: boolean
  readonly print: (line: string) => void
}

export interface RunResult {
  readonly operationCount: number
  readonly differences: readonly string[]
  /** Pairs of op and error that can be reached and were not. */
  readonly missingCells: readonly string[]
  readonly coverage: Coverage
  readonly usesByIntendedId: ReadonlyMap<string, number>
}

const operationsPerRound = 500

interface Round {
  readonly configuration: Configuration
  readonly number: number
  readonly operationCount: number
}

export async function runDifferential(options: RunOptions): Promise<RunResult> {
  const run = new DifferentialRun(options)
  for (const configuration of configurations) await run.configuration(configuration)
  return run.result()
}

class DifferentialRun {
  readonly #options: RunOptions
  readonly #coverage = new Coverage()
  readonly #usesByIntendedId = new Map(intendedDifferences.map(({ id }) => [id, 0]))
  readonly #differences: string[] = []

  constructor(options: RunOptions) {
    this.#options = options
  }

  async configuration(configuration: Configuration): Promise<void> {
    const rounds = this.#roundsOf(configuration)
    if (rounds.length === 0) return
    let pair = await Pair.start(configuration, this.#options.subject)
    try {
      for (const round of rounds) {
        if (this.#differences.length >= this.#options.differenceCountMax) return
        if (await this.#round(pair, round)) continue
        // After a difference the servers are no longer alike.
        await pair.dispose()
        pair = await Pair.start(configuration, this.#options.subject)
      }
    } finally {
      await pair.dispose()
    }
  }

  result(): RunResult {
    const { configuration, round } = this.#options
    const run = configurations.filter(({ name }) => [name, undefined].includes(configuration))
    const expected = round === undefined ? reachableCells(run) : []
    return {
      missingCells: [...new Set(expected)].filter((cell) => !this.#coverage.has(cell)),
      operationCount: this.#coverage.operationCount,
      differences: this.#differences,
      coverage: this.#coverage,
      usesByIntendedId: this.#usesByIntendedId,
    }
  }

  #roundsOf(configuration: Configuration): readonly Round[] {
    const { operations, round } = this.#options
    const only = this.#options.configuration
    if (only !== undefined && only !== configuration.name) return []
    const share = only === undefined ? configuration.share : 1
    const count = Math.max(1, Math.round((operations * share) / operationsPerRound))
    // Round 0 holds the directed cases.
    const numbers = round === undefined ? Array.from({ length: count + 1 }, (_, i) => i) : [round]
    const operationCount = Math.min(operationsPerRound, operations)
    return numbers.map((number) => ({ configuration, number, operationCount }))
  }

  /** @returns whether the servers agreed */
  async #round(pair: Pair, round: Round): Promise<boolean> {
    const { seed, print } = this.#options
    const { configuration, number } = round
    const steps =
      number === 0
        ? [...preamble(configuration), ...directedSteps(configuration)]
        : generateRound({
            seed,
            round: number,
            operationCount: round.operationCount,
            hasQuotas: configuration.hasQuotas,
            hasSuperUser: configuration.hasSuperUser,
          })
    const difference = await pair.runRound(steps, {
      onReference: (observed) => this.#coverage.count(observed),
      onIntended: (id) => this.#usesByIntendedId.set(id, (this.#usesByIntendedId.get(id) ?? 0) + 1),
    })
    if (difference === undefined) return true
    const described = describeDifference(difference, {
      seed,
      round: number,
      stepIndex: difference.stepIndex,
      configuration: configuration.name,
      names: ['apache', this.#options.subject],
      replayCommand:
        `npm run interop:differential -- --seed ${seed} --configuration ${configuration.name} ` +
        `--round ${number} --subject ${this.#options.subject}`,
    })
    print(described)
    const upTo = steps.slice(0, difference.stepIndex + 1)
    const smallest = this.#options.shrinks ? await this.#shrink(round, upTo) : []
    const lines = smallest.map((step) => `    ${describeStep(step)}`)
    if (lines.length > 0) print([`  smallest  ${lines.length} steps:`, ...lines].join('\n'))
    this.#differences.push([described, ...lines].join('\n'))
    return false
  }

  async #shrink(
    { configuration }: Round,
    steps: ReturnType<typeof generateRound>,
  ): Promise<ReturnType<typeof generateRound>> {
    const pair = await Pair.start(configuration, this.#options.subject)
    try {
      return await shrinkSteps(steps, async (fewer) => (await pair.runRound(fewer)) !== undefined)
    } finally {
      await pair.dispose()
    }
  }
}
