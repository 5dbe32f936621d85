/** One way in which the world goes wrong. */
import type { ClientProcess } from '../client/client-process.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { Ensemble } from '../server/ensemble.ts'
import type { Machine } from '../server/machine.ts'
import type { World } from '../world.ts'

/** What faults act on. */
export interface FaultTargets {
  readonly world: World
  readonly network: Network
  readonly servers: readonly Machine[]
  /** undefined: the server is alone. */
  readonly ensemble: Ensemble | undefined
  readonly clients: readonly ClientProcess[]
}

export interface Fault {
  /** As the trace names it. */
  readonly name: string
  /** How often it comes, compared with the others. */
  readonly weight: number
  /** How long it lasts at least, in virtual ms, where it takes a while to have its effect; undefined: any time. */
  readonly durationLeastMs?: number
  /** How long it lasts at most, in virtual ms; 0: it is over at once. */
  readonly durationMostMs: number
  /** It takes servers or their leader away: it mostly waits until an ensemble serves again after the last one. */
  readonly isHarsh?: boolean
  /** What it leads to takes some steps, which almost any other fault would break off: so mostly none begins while it lasts. */
  readonly isDelicate?: boolean
  /**
   * Starts it. Whoever sees its effect counts it in `world.faults`; planning it is not enough.
   * @returns how to end it; undefined when there is nothing to end
   */
  begin(targets: FaultTargets, random: Prng): (() => void) | undefined
}
