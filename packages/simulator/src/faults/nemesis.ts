/** Makes things go wrong: starts a fault after random times, ends it after a random time, and in the end ends them all. */
import type { Prng } from '../prng.ts'
import type { Appointment } from '../scheduler.ts'
import { usPerMs } from '../world.ts'
import { crashAtOperation } from './crash-at-operation.ts'
import { crashInSync } from './crash-in-sync.ts'
import { diskFaults } from './disk-faults.ts'
import type { Fault, FaultTargets } from './fault.ts'
import { linkFaults } from './link-faults.ts'
import { lull } from './lull.ts'
import { networkFaults } from './network-faults.ts'
import { withhold } from './withhold.ts'
import { processFaults } from './process-faults.ts'

export const allFaults: readonly Fault[] = [
  ...networkFaults,
  ...linkFaults,
  ...diskFaults,
  ...processFaults,
  crashAtOperation,
  crashInSync,
  lull,
  withhold,
]

const name = 'nemesis'

/** A kind of fault comes more often in one run and less often in another, */
const shares = [1, 2, 2, 4, 8]
/** and in some runs there are few kinds, each again and again: what one has done is not undone by the next of another kind. */
const fewKindsChance = 0.3
const fewKinds = 5
/** A fault begins all the same while a delicate one lasts. */
const disturbanceChance = 0.25

export class Nemesis {
  readonly #targets: FaultTargets
  readonly #random: Prng
  readonly #choices: readonly Fault[]
  readonly #pauseMostMs: number
  /** By fault: one of a kind at a time. */
  readonly #running = new Map<Fault, () => void>()
  #next: Appointment | undefined

  constructor(targets: FaultTargets, faults: readonly Fault[], pauseMostMs: number) {
    this.#targets = targets
    this.#random = targets.world.random.fork(name)
    const random = targets.world.random.fork('shares of faults')
    const isFew = faults.length > fewKinds && random.chance(fewKindsChance)
    const kinds = isFew ? Array.from({ length: fewKinds }, () => random.pick(faults)) : faults
    this.#choices = kinds.flatMap((fault) =>
      Array.from({ length: fault.weight * random.pick(shares) }, () => fault),
    )
    this.#pauseMostMs = pauseMostMs
  }

  start(): void {
    if (this.#choices.length === 0) return
    const delayUs = this.#random.below(this.#pauseMostMs * usPerMs)
    const fault = this.#random.pick(this.#choices)
    this.#next = this.#targets.world.scheduler.after(delayUs, name, `plans ${fault.name}`, () => {
      this.#begin(fault)
      this.start()
    })
  }

  /** No fault begins after this, and those that last end. */
  stop(): void {
    this.#next?.cancel()
    for (const end of this.#running.values()) end()
    for (const server of this.#targets.servers) server.disarm()
  }

  #begin(fault: Fault): void {
    if (this.#running.has(fault) || (fault.isHarsh === true && !this.#mayBeHarsh())) return
    if (this.#isDelicate() && !this.#random.chance(disturbanceChance)) return
    const endFault = fault.begin(this.#targets, this.#random)
    if (endFault === undefined) return
    const end = (): void => {
      if (this.#running.delete(fault)) endFault()
    }
    this.#running.set(fault, end)
    const { durationLeastMs = 1, durationMostMs } = fault
    const durationUs = this.#random.between(durationLeastMs, durationMostMs) * usPerMs
    this.#targets.world.scheduler.after(durationUs, name, `ends ${fault.name}`, end)
  }

  #isDelicate(): boolean {
    for (const { isDelicate } of this.#running.keys()) if (isDelicate === true) return true
    return false
  }

  /** An ensemble that never gets to serve shows little; one that is hit only while it serves shows little of its elections. */
  #mayBeHarsh(): boolean {
    const { ensemble } = this.#targets
    return ensemble === undefined || ensemble.leader !== undefined || this.#random.chance(0.2)
  }
}
