/** A world without faults or load, for tests of its parts. */
import { EventLog } from '../src/event-log.ts'
import { FaultCounts } from '../src/faults/fault-counts.ts'
import type { Observation } from '../src/history/observation.ts'
import { Host } from '../src/host.ts'
import { Prng } from '../src/prng.ts'
import { Scheduler } from '../src/scheduler.ts'
import type { World } from '../src/world.ts'

export class TestWorld implements World {
  readonly scheduler: Scheduler = new Scheduler(new EventLog())
  readonly random: Prng
  readonly faults: FaultCounts = new FaultCounts()
  readonly observations: Observation[] = []

  constructor(seed: number) {
    this.random = new Prng(`test ${seed}`)
  }

  observe(observation: Observation): void {
    this.observations.push(observation)
  }

  reported(): void {}

  host(name: string): Host {
    const host = new Host(name, this.scheduler)
    host.powerOn()
    return host
  }

  /** Runs until nothing is left to happen. */
  runAll(): void {
    while (this.scheduler.runNext());
  }
}
