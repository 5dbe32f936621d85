/** Plans on ports that nobody listens on for tests, since none is started. */
import type { EnsemblePlan } from '../../src/ensemble/ensemble-plan.ts'

export function planOf(size: number, observers = 0): EnsemblePlan {
  const members = Array.from({ length: size + observers }, (_, i) => ({
    id: i + 1,
    role: i < size ? ('participant' as const) : ('observer' as const),
    clientPort: 2_181 + i,
    quorumPort: 2_888 + i,
    electionPort: 3_888 + i,
  }))
  return { members }
}
