/** What the faults of a run are given to work on. */
import type { Prng } from '@quorate/simulator'
import type { FaultMember } from './fault-member.ts'
import type { Load } from './load/load.ts'
import type { FaultNetwork, Place, Way } from './network/fault-network.ts'

export interface Scene {
  readonly members: readonly FaultMember[]
  readonly network: FaultNetwork
  readonly load: Load
}

/** The member that leads; of those that may not answer, any. */
export async function leaderOf({ members }: Scene): Promise<FaultMember | undefined> {
  const states = await Promise.all(members.map((member) => member.state()))
  return members.find((_member, i) => states[i]?.mode === 'leader')
}

/** The leader, or any voter when there is none. */
export async function leaderOrVoter(scene: Scene, random: Prng): Promise<FaultMember> {
  return (await leaderOf(scene)) ?? random.pick(scene.members.filter(({ isVoter }) => isVoter))
}

/** All ways between two sides, both directions. */
export function between(some: readonly Place[], others: readonly Place[]): readonly Way[] {
  return some.flatMap((one) =>
    others.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]),
  )
}
