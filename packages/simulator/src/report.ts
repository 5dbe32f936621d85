/** A run as text. */
import { formatUs } from './event-log.ts'
import { argumentsOf, type RunRequest } from './run-request.ts'
import type { SimulationResult } from './simulation.ts'
import { describeTopology } from './topology.ts'

/**
 * One line for a run in which all is well; for another one the end of the event log, what was found, and the command that shows
 * it again.
 */
export function reportRun(
  result: SimulationResult,
  request: RunRequest = { seed: result.seed, topology: {} },
): string {
  const { seed, hash, steps, virtualMs, replyCount, recoveryCount, violation } = result
  const summary = `seed ${seed}: ${describeTopology(result.topology)}, ${steps} steps, ${virtualMs} virtual ms, ${replyCount} replies, ${recoveryCount} recoveries, ${result.leaderCount} leaders, event log ${hash}`
  if (violation === undefined) return summary
  return [
    summary,
    ...violation.tail.map((line) => `  ${line}`),
    `FAILED: ${violation.checker} at step ${violation.step}, ${formatUs(violation.atUs)} ms: ${violation.message}`,
    `replay: quorate simulate ${argumentsOf(request).join(' ')} --trace`,
  ].join('\n')
}
