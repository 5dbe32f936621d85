/**
 * A power failure between two operations of a disk, whatever they are for: of that server alone, of another one with it, or of all voters.
 * Operations come in bursts, when servers are brought into step and when they recover, so that is when most of these failures come.
 */
import type { Fault } from './fault.ts'

/** Operations from now on that are completed, at most. */
const completedMost = 40

export const crashAtOperation: Fault = {
  name: 'process.crash-at-operation',
  weight: 6,
  durationMostMs: 0,
  isHarsh: true,
  begin({ ensemble, servers }, random) {
    const server = random.pick(servers)
    const how = random.below(4)
    server.crashAtOperation(random.between(1, completedMost), () => {
      const leader = ensemble?.servers.find((it) => it.isLeading)
      // Whoever is down already stays so.
      if (how === 1) leader?.end(random.chance(0.5))
      else if (how === 2) random.pick(servers).end(true)
      else if (how === 3) for (const other of servers) other.end(true)
    })
    return undefined
  },
}
