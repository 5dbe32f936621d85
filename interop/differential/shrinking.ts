/** Fewer steps that show the same difference: halves, quarters and so on are left out as long as it stays. */
import type { Step } from './step.ts'

/**
 * @param shows whether these steps show a difference
 * @param attemptCountMax bounds the work
 */
export async function shrinkSteps(
  steps: readonly Step[],
  shows: (steps: readonly Step[]) => Promise<boolean>,
  attemptCountMax = 120,
): Promise<readonly Step[]> {
  let smallest = steps
  let attemptCount = 0
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    let start = 0
    while (start < smallest.length) {
      if (attemptCount++ >= attemptCountMax) return smallest
      const fewer = [...smallest.slice(0, start), ...smallest.slice(start + size)]
      if (fewer.length > 0 && (await shows(fewer))) smallest = fewer
      else start += size
    }
  }
  return smallest
}
