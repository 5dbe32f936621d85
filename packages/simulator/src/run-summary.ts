/** What many runs come to. */
import type { SimulationResult } from './simulation.ts'

const msPerHour = 3_600_000

/** As leaders report them. */
const syncKinds = ['diff (empty)', 'diff', 'diff-from-disk', 'trunc', 'trunc and proposals', 'snap']

export class RunSummary {
  readonly failedSeeds: number[] = []
  #runCount = 0
  #virtualMs = 0
  #stepCount = 0
  #replyCount = 0
  #recoveryCount = 0
  #leaderCount = 0
  readonly #faultHits = new Map<string, number>()
  readonly #reports = new Map<string, number>()
  readonly #outcomes = new Map<string, number>()

  add(result: SimulationResult): void {
    this.#runCount++
    this.#virtualMs += result.virtualMs
    this.#stepCount += result.steps
    this.#replyCount += result.replyCount
    this.#recoveryCount += result.recoveryCount
    this.#leaderCount += result.leaderCount
    addCounts(this.#faultHits, result.faultHits)
    addCounts(this.#reports, result.reports)
    addCounts(this.#outcomes, result.outcomes)
    if (result.violation !== undefined) this.failedSeeds.push(result.seed)
  }

  get runCount(): number {
    return this.#runCount
  }

  get virtualMs(): number {
    return this.#virtualMs
  }

  /** One line, for a run that is under way. */
  progress(): string {
    return `${this.#runCount} seeds, ${hours(this.#virtualMs)} simulated hours, ${this.#replyCount} operations, ${this.failedSeeds.length} failed`
  }

  lines(): readonly string[] {
    const syncs = syncKinds.map((kind) => `${kind} ${this.#count(`LEARNER_SYNC ${kind}`)}`)
    const failed = this.failedSeeds.map((seed) => ` ${seed}`).join('')
    const missed = [...this.#faultHits].filter(([, count]) => count === 0).map(([kind]) => kind)
    return [
      `simulated: ${hours(this.#virtualMs)} hours, ${this.#stepCount} events, ${this.#replyCount} operations, ${this.#recoveryCount} recoveries`,
      `elections won: ${this.#leaderCount}; synchronisations: ${syncs.join(', ')}`,
      `handed over from a slow disk: ${this.#count('LEADER_DISK_SLOW')}; served without a full one: ${this.#count('SERVING_WITHOUT_DISK')}`,
      `writes whose answers were lost: ${describe(this.#outcomes)}`,
      `faults: ${describe(this.#faultHits)}`,
      ...(missed.length > 0 ? [`faults without effect: ${missed.join(', ')}`] : []),
      `${this.#runCount} seeds, ${this.failedSeeds.length} failed${failed}`,
    ]
  }

  #count(report: string): number {
    return this.#reports.get(report) ?? 0
  }
}

function addCounts(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
}

function describe(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}

function hours(ms: number): string {
  return (ms / msPerHour).toFixed(3)
}
