/**
 * A learner that crashes while it is brought to its leader's history, with some of it on its disk; and often the leader is gone with it.
 * Then those decide who were not in step yet, and the one that crashed: with what it had made durable, and with no more than that.
 */
import type { Prng } from '../prng.ts'
import type { EnsembleServer } from '../server/ensemble-server.ts'
import { usPerMs } from '../world.ts'
import type { Fault, FaultTargets } from './fault.ts'
import { isolate } from './link-faults.ts'

/** Disk operations of the synchronisation that are completed, at most. */
const completedMost = 8
/** For so long the learner lags, at most, before another election. */
const lagMostMs = 250

export const crashInSync: Fault = {
  name: 'process.crash-in-sync',
  weight: 8,
  durationMostMs: 8_000,
  isHarsh: true,
  begin(targets, random) {
    const { ensemble, world } = targets
    if (ensemble === undefined || ensemble.servers.length < 2) return undefined
    const leader = random.chance(0.7) ? ensemble.leader : undefined
    const learner = random.pick(ensemble.servers.filter((it) => it !== leader))
    const away = new Away(targets, random)
    const takesLeaderAlong = random.chance(0.85)
    // What the learner lacks is what was committed while it was away; it gets that from the next leader.
    if (leader !== undefined) learner.end(random.chance(0.5))
    learner.crashInSyncAfter(random.between(1, completedMost), () => {
      away.endTurn()
      if (takesLeaderAlong) away.begin(ensemble.servers.find((it) => it.isLeading && it !== leader))
    })
    if (leader === undefined) return () => away.end()
    const delayUs = random.below(lagMostMs) * usPerMs
    const election = world.scheduler.after(delayUs, 'nemesis', 'wants another leader', () =>
      away.begin(leader),
    )
    return () => {
      election.cancel()
      away.end()
    }
  },
}

/** A server that is cut off until somebody else's turn has come; nobody is after the end. The learner may crash later than that. */
class Away {
  readonly #targets: FaultTargets
  readonly #random: Prng
  #reconnect: (() => void) | undefined
  #isOver = false

  constructor(targets: FaultTargets, random: Prng) {
    this.#targets = targets
    this.#random = random
  }

  begin(server: EnsembleServer | undefined): void {
    if (server === undefined || this.#isOver) return
    this.endTurn()
    this.#reconnect = isolate(this.#targets, server, 'network.isolate-leader', this.#random)
  }

  endTurn(): void {
    this.#reconnect?.()
    this.#reconnect = undefined
  }

  end(): void {
    this.#isOver = true
    this.endTurn()
  }
}
