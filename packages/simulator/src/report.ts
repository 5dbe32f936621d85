/** A run as text. */
import { formatUs } from './event-log.ts'
import type { SimulationResult } from './simulation.ts'

/**
 * One line for a run in which all is well; for another one what was found, the end of the event log and the command that
 * shows it again.
 * @param flags those of the command line that the run depends on, such as `--steps 1000`
 */
export function reportRun(result: SimulationResult, flags: readonly string[] = []): string {
  const { seed, hash, steps, virtualMs, replyCount, recoveryCount, violation } = result
  const summary = `seed ${seed}: ${steps} steps, ${virtualMs} virtual ms, ${replyCount} replies, ${recoveryCount} recoveries, event log ${hash}`
  if (violation === undefined) return summary
  const replay = ['quorate simulate', `--seed ${seed}`, ...flags, '--trace'].join(' ')
  return [
    summary,
    ...violation.tail.map((line) => `  ${line}`),
    `FAILED: ${violation.checker} at step ${violation.step}, ${formatUs(violation.atUs)} ms: ${violation.message}`,
    `replay: ${replay}`,
  ].join('\n')
}

/** How often each kind of fault had an effect, over all runs. */
export function reportFaults(results: readonly SimulationResult[]): string {
  const sums = new Map<string, number>()
  for (const { faultHits } of results)
    for (const [kind, count] of faultHits) sums.set(kind, (sums.get(kind) ?? 0) + count)
  return [...sums].map(([kind, count]) => `${kind} ${count}`).join(', ')
}
