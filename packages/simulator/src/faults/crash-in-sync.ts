/**
 * A learner that crashes while it is brought to its leader's history, with some of it on its disk; and often the leader is gone with it.
 * Then those decide who were not in step yet, and the one that crashed: with what it had made durable, and with no more than that.
 */
import type { Prng } from '../prng.ts'
import { usPerMs } from '../world.ts'
import type { Fault, FaultTargets } from './fault.ts'
import { isolate } from './link-faults.ts'

/** Disk operations of the synchronisation that are completed, at most. */
const completedMost = 12
/** For so long the learner lags, at most, before another election. */
const lagMostMs = 400

export const crashInSync: Fault = {
  name: 'process.crash-in-sync',
  weight: 5,
  durationMostMs: 4_000,
  isHarsh: true,
  begin(targets, random) {
    const { ensemble, world } = targets
    if (ensemble === undefined) return undefined
    const learner = random.pick(ensemble.servers)
    const takesLeaderAlong = random.chance(0.6)
    let reconnect: (() => void) | undefined
    let isOver = false
    const crashed = (): void => {
      if (takesLeaderAlong && !isOver) reconnect ??= takeLeaderAway(targets, random)
    }
    // What it lacks is what was committed while it was away; it gets that from the leader after this one.
    const isLate = random.chance(0.5)
    if (isLate) learner.end(random.chance(0.5))
    learner.crashInSyncAfter(random.between(1, completedMost), crashed)
    const delayUs = random.below(lagMostMs) * usPerMs
    const election = world.scheduler.after(delayUs, 'nemesis', 'wants another leader', () => {
      if (isLate) ensemble.leader?.end(random.chance(0.5))
    })
    return () => {
      isOver = true
      election.cancel()
      reconnect?.()
    }
  },
}

/** Also one that does not serve yet. @returns how to let it back, if that is not its own affair */
function takeLeaderAway(targets: FaultTargets, random: Prng): (() => void) | undefined {
  const leader = targets.ensemble?.servers.find(({ isLeading }) => isLeading)
  if (leader === undefined) return undefined
  if (random.chance(0.7)) return isolate(targets, leader, 'network.isolate-leader', random)
  leader.end(random.chance(0.5))
  return undefined
}
