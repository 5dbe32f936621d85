/**
 * Who a server is to its leader while its disk takes nothing, be it a voter of the membership: nobody that any quorum counts.
 *
 * 1. It observes under an id that no membership has. What it accepts and acknowledges is in its memory only, and leaders, Apache's
 *    and ours, count epochs, NEWLEADER and proposals by the server's id, whether it came with FOLLOWERINFO or OBSERVERINFO.
 * 2. What it has promised before stays on its disk as it was, for the day it votes again.
 */

/** Behind the ids that Apache's leaders give to learners which tell none. */
const base = -1_000

/** The id under which the server observes while its disk takes nothing. */
export function disklessIdOf(serverId: number): number {
  return base - serverId
}

/** The server that is this learner, whose id may be one of {@link disklessIdOf}. */
export function serverOfLearner(learnerId: number): number {
  return learnerId <= base ? base - learnerId : learnerId
}
