/**
 * One run: a server, its clients and the faults, from one seed.
 *
 *     faults and load ── faults end, load goes on ── load ends ── a last crash and recovery ── the end
 *
 * The run ends at the first thing that a checker finds wrong.
 */
import type { Checker } from './checkers/checker.ts'
import { standardCheckers } from './checkers/standard-checkers.ts'
import { SimulatedClient } from './client/simulated-client.ts'
import { EventLog, type LineSink } from './event-log.ts'
import type { Fault } from './faults/fault.ts'
import { FaultCounts, type FaultKind } from './faults/fault-counts.ts'
import { allFaults, Nemesis } from './faults/nemesis.ts'
import type { Observation } from './history/observation.ts'
import { Host } from './host.ts'
import { Network } from './network/network.ts'
import { Prng } from './prng.ts'
import { Scheduler } from './scheduler.ts'
import { StandaloneDriver } from './server/standalone-driver.ts'
import { type DriverFactory, StandaloneServer } from './server/standalone-server.ts'
import { standardWorkload } from './workload/mixed-workload.ts'
import { usPerMs, type World } from './world.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Virtual time under faults. */
  readonly durationMs: number
  /** Events under faults, if fewer; later phases have what they need. */
  readonly stepsMax: number
  readonly clientCount: number
  readonly faults: readonly Fault[]
  /** Longest pause between two faults. */
  readonly faultPauseMostMs: number
  /** Virtual time after the last fault in which every client must get a write answered. */
  readonly livenessBoundMs: number
  readonly createDriver: DriverFactory
  readonly createCheckers: (options: SimulationOptions) => readonly Checker[]
  /** Gets every line of the event log. */
  readonly trace: LineSink | undefined
}

export const simulationDefaults: Omit<SimulationOptions, 'seed'> = {
  durationMs: 20_000,
  stepsMax: Infinity,
  clientCount: 5,
  faults: allFaults,
  faultPauseMostMs: 400,
  livenessBoundMs: 6_000,
  createDriver: (parts) => new StandaloneDriver(parts),
  createCheckers: standardCheckers,
  trace: undefined,
}

/** What a checker found, and when. */
export interface Violation {
  readonly checker: string
  readonly message: string
  readonly step: number
  readonly atUs: number
  /** The last lines of the event log. */
  readonly tail: readonly string[]
}

export interface SimulationResult {
  readonly seed: number
  /** Of the event log: what two runs of one seed have in common. */
  readonly hash: string
  readonly steps: number
  readonly virtualMs: number
  readonly replyCount: number
  readonly recoveryCount: number
  readonly faultHits: ReadonlyMap<FaultKind, number>
  readonly violation: Violation | undefined
}

export function simulate(
  options: Partial<SimulationOptions> & { readonly seed: number },
): SimulationResult {
  return new Simulation({ ...simulationDefaults, ...options }).run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #log: EventLog
  readonly #scheduler: Scheduler
  readonly #faults = new FaultCounts()
  readonly #checkers: readonly Checker[]
  readonly #server: StandaloneServer
  readonly #clients: readonly SimulatedClient[]
  readonly #nemesis: Nemesis
  #replyCount = 0
  #recoveryCount = 0
  #violation: Violation | undefined

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#log = new EventLog(options.trace)
    this.#scheduler = new Scheduler(this.#log)
    this.#checkers = options.createCheckers(options)
    const world: World = {
      scheduler: this.#scheduler,
      random: new Prng(`seed ${options.seed}`),
      faults: this.#faults,
      observe: (observation) => this.#observe(observation),
    }
    const network = new Network(world)
    const { createDriver } = options
    this.#server = new StandaloneServer('server1', { world, network, createDriver })
    this.#clients = this.#createClients(world, network)
    const targets = { world, network, servers: [this.#server], clients: this.#clients }
    this.#nemesis = new Nemesis(targets, options.faults, options.faultPauseMostMs)
  }

  run(): SimulationResult {
    try {
      this.#runPhases()
    } catch (error) {
      // The server's own assertions, and whatever else nobody expected, in whichever event it came.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#violate('exception', message)
    }
    return {
      seed: this.#options.seed,
      hash: this.#log.hash,
      steps: this.#scheduler.step,
      virtualMs: Math.floor(this.#scheduler.nowUs / usPerMs),
      replyCount: this.#replyCount,
      recoveryCount: this.#recoveryCount,
      faultHits: this.#faults.hits,
      violation: this.#violation,
    }
  }

  #runPhases(): void {
    const { durationMs, stepsMax, livenessBoundMs } = this.#options
    this.#server.start()
    for (const client of this.#clients) client.start()
    this.#nemesis.start()
    this.#runUntil(durationMs * usPerMs, () => this.#scheduler.step >= stepsMax)

    this.#nemesis.stop()
    const clients = this.#clients.map(({ host }) => host.name)
    this.#observe({ type: 'faultsEnded', clients })
    this.#runFor(livenessBoundMs, () => false)

    for (const client of this.#clients) client.stop()
    this.#runFor(livenessBoundMs, () => this.#clients.every(({ isIdle }) => isIdle))

    const recoveryCount = this.#recoveryCount
    this.#server.end(true)
    this.#runFor(livenessBoundMs, () => this.#recoveryCount > recoveryCount)
    this.#observe({ type: 'ended' })
  }

  #runFor(durationMs: number, isOver: () => boolean): void {
    this.#runUntil(this.#scheduler.nowUs + durationMs * usPerMs, isOver)
  }

  #runUntil(atUs: number, isOver: () => boolean): void {
    while (this.#violation === undefined && this.#scheduler.nowUs < atUs && !isOver())
      if (!this.#scheduler.runNext()) return
  }

  #observe(observation: Observation): void {
    if (observation.type === 'replied') this.#replyCount++
    if (observation.type === 'recovered') this.#recoveryCount++
    for (const checker of this.#checkers) {
      const message = checker.observe(observation, this.#scheduler.nowUs)
      if (message !== undefined) this.#violate(checker.name, message)
    }
  }

  /** The first one counts: what follows may be its consequence. */
  #violate(checker: string, message: string): void {
    this.#violation ??= {
      checker,
      message,
      step: this.#scheduler.step,
      atUs: this.#scheduler.nowUs,
      tail: [...this.#log.tail],
    }
  }

  #createClients(world: World, network: Network): readonly SimulatedClient[] {
    const workload = standardWorkload(world.random.fork('workload'))
    const random = world.random.fork('clients')
    return Array.from({ length: this.#options.clientCount }, (_, at) => {
      const host = new Host(`client${at + 1}`, this.#scheduler)
      network.addHost(host)
      const settings = {
        servers: [this.#server.host.name],
        sessionTimeoutMs: random.between(600, 3_000),
        depthMax: random.between(1, 6),
        thinkMostMs: random.between(10, 80),
      }
      return new SimulatedClient(host, { world, network, settings, workload })
    })
  }
}
