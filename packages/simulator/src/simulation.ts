/**
 * One run: servers, clients and faults, from one seed.
 *
 *     faults and load ── faults end, load goes on ── load ends, servers come together ── a last power failure of all
 *     and recovery ── the end
 *
 * The run ends at the first thing that a checker finds wrong.
 */
import { parseMembership } from '@quorate/consensus'
import type { Checker } from './checkers/checker.ts'
import { standardCheckers } from './checkers/standard-checkers.ts'
import { SimulatedClient } from './client/simulated-client.ts'
import { EventLog, type LineSink } from './event-log.ts'
import type { Fault } from './faults/fault.ts'
import { FaultCounts, type FaultKind } from './faults/fault-counts.ts'
import { allFaults, Nemesis } from './faults/nemesis.ts'
import type { Observation } from './history/observation.ts'
import { driftMostPpm, Host } from './host.ts'
import { Network } from './network/network.ts'
import { Prng } from './prng.ts'
import { Scheduler } from './scheduler.ts'
import { createEnsembleMember, memberTiming } from './server/ensemble-member-factory.ts'
import type { EnsembleOperator } from './server/ensemble-server.ts'
import { createFleet, type Fleet } from './server/fleet.ts'
import { StandaloneDriver } from './server/standalone-driver.ts'
import type { DriverFactory } from './server/standalone-server.ts'
import { drawTopology, type Topology, type TopologyWish } from './topology.ts'
import { createWorkload } from './workload/mixed-workload.ts'
import { usPerMs, type World } from './world.ts'

export interface SimulationOptions {
  readonly seed: number
  /** What is not said is drawn from the seed. */
  readonly topology: TopologyWish
  /** Virtual time under faults. */
  readonly durationMs: number
  /** Events under faults, if fewer; later phases have what they need. */
  readonly stepsMax: number
  readonly clientCount: number
  /** Operations that the clients together ask for in a virtual second, if they are answered soon. */
  readonly loadPerSecond: number
  /** The name of one workload; undefined: all of them. */
  readonly workload: string | undefined
  readonly faults: readonly Fault[]
  /** Longest pause between two faults. */
  readonly faultPauseMostMs: number
  /** Virtual time after the last fault in which every client must get a write answered. */
  readonly livenessBoundMs: number
  readonly createDriver: DriverFactory
  readonly createMember: EnsembleOperator['createMember']
  readonly createCheckers: (options: SimulationOptions) => readonly Checker[]
  /** Gets every line of the event log. */
  readonly trace: LineSink | undefined
}

export const simulationDefaults: Omit<SimulationOptions, 'seed'> = {
  topology: {},
  durationMs: 20_000,
  stepsMax: Infinity,
  clientCount: 12,
  loadPerSecond: 150,
  workload: undefined,
  faults: allFaults,
  faultPauseMostMs: 800,
  livenessBoundMs: 10_000,
  createDriver: (parts) => new StandaloneDriver(parts),
  createMember: createEnsembleMember,
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
  readonly topology: Topology
  /** Of the event log: what two runs of one seed have in common. */
  readonly hash: string
  readonly steps: number
  readonly virtualMs: number
  /** Operations that were answered. */
  readonly replyCount: number
  readonly recoveryCount: number
  /** Terms in which a leader has served. */
  readonly leaderCount: number
  readonly faultHits: ReadonlyMap<FaultKind, number>
  /** What servers had for their logs, by code. */
  readonly reports: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

export function simulate(
  options: Partial<SimulationOptions> & { readonly seed: number },
): SimulationResult {
  return new Simulation({ ...simulationDefaults, ...options }).run()
}

/** A wiped server comes back last of all. */
const settleBoundMs = 30_000

class Simulation {
  readonly #options: SimulationOptions
  readonly #topology: Topology
  readonly #log: EventLog
  readonly #scheduler: Scheduler
  readonly #faults = new FaultCounts()
  readonly #reports = new Map<string, number>()
  readonly #checkers: readonly Checker[]
  readonly #fleet: Fleet
  readonly #clients: readonly SimulatedClient[]
  readonly #nemesis: Nemesis
  #replyCount = 0
  #recoveryCount = 0
  #leaderCount = 0
  #violation: Violation | undefined

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#log = new EventLog(options.trace)
    this.#scheduler = new Scheduler(this.#log)
    this.#checkers = options.createCheckers(options)
    const random = new Prng(`seed ${options.seed}`)
    const world: World = {
      scheduler: this.#scheduler,
      random,
      faults: this.#faults,
      observe: (observation) => this.#observe(observation),
      reported: (code) => this.#reports.set(code, (this.#reports.get(code) ?? 0) + 1),
    }
    const network = new Network(world)
    const { createDriver, createMember, faults } = options
    this.#topology = drawTopology(random.fork('topology'), options.topology)
    this.#fleet = createFleet(world, network, {
      topology: this.#topology,
      createDriver,
      ensemble: { ...memberTiming, createMember, parse: parseMembership },
    })
    this.#clients = this.#createClients(world, network)
    const { machines, ensemble } = this.#fleet
    const targets = { world, network, servers: machines, ensemble, clients: this.#clients }
    this.#nemesis = new Nemesis(targets, faults, options.faultPauseMostMs)
    if (faults.some(({ name }) => name === 'clock.drift')) this.#letClocksDrift(random)
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
      topology: this.#topology,
      hash: this.#log.hash,
      steps: this.#scheduler.step,
      virtualMs: Math.floor(this.#scheduler.nowUs / usPerMs),
      replyCount: this.#replyCount,
      recoveryCount: this.#recoveryCount,
      leaderCount: this.#leaderCount,
      faultHits: this.#faults.hits,
      reports: this.#reports,
      violation: this.#violation,
    }
  }

  #runPhases(): void {
    const { durationMs, stepsMax, livenessBoundMs } = this.#options
    for (const machine of this.#fleet.machines) machine.start()
    for (const client of this.#clients) client.start()
    this.#nemesis.start()
    this.#runUntil(durationMs * usPerMs, () => this.#scheduler.step >= stepsMax)

    this.#nemesis.stop()
    const clients = this.#clients.map(({ host }) => host.name)
    this.#observe({ type: 'faultsEnded', clients })
    this.#runFor(livenessBoundMs, () => false)

    for (const client of this.#clients) client.stop()
    this.#runFor(livenessBoundMs, () => this.#clients.every(({ isIdle }) => isIdle))

    this.#converge('after the last fault')
    for (const machine of this.#fleet.machines) machine.end(true)
    this.#converge('after a power failure of all')
    this.#fleet.settle()
    this.#observe({ type: 'ended' })
  }

  /** Servers that none of them takes notice of any more would be brought back by a restart: so it is asked for before one, too. */
  #converge(when: string): void {
    this.#runFor(settleBoundMs, () => this.#fleet.isSettled())
    if (this.#violation === undefined && !this.#fleet.isSettled())
      this.#violate('convergence', `${when} not all servers come together in ${settleBoundMs} ms`)
  }

  #runFor(durationMs: number, isOver: () => boolean): void {
    this.#runUntil(this.#scheduler.nowUs + durationMs * usPerMs, isOver)
  }

  #runUntil(atUs: number, isOver: () => boolean): void {
    while (this.#violation === undefined && this.#scheduler.nowUs < atUs && !isOver())
      if (!this.#scheduler.runNext()) return
  }

  #observe(observation: Observation): void {
    const { type } = observation
    if (type === 'replied') this.#replyCount++
    else if (type === 'recovered') this.#recoveryCount++
    else if (type === 'loaded' && observation.cause === 'recovered') this.#recoveryCount++
    else if (type === 'termStarted' && observation.role === 'leading') this.#leaderCount++
    const { nowUs } = this.#scheduler
    for (const checker of this.#checkers) {
      const message = checker.observe(observation, nowUs)
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
      tail: this.#log.tail,
    }
  }

  #createClients(world: World, network: Network): readonly SimulatedClient[] {
    const { clientCount, loadPerSecond } = this.#options
    const workload = createWorkload(world.random.fork('workload'), this.#options.workload, {
      reconfiguration: this.#fleet.ensemble?.reconfiguration,
    })
    const random = world.random.fork('clients')
    const thinkMostMs = Math.ceil((2_000 * clientCount) / loadPerSecond)
    return Array.from({ length: clientCount }, (_, at) => {
      const host = new Host(`client${at + 1}`, this.#scheduler)
      network.addHost(host)
      const settings = {
        servers: this.#fleet.clientHosts,
        sessionTimeoutMs: random.between(600, 3_000),
        acceptsReadOnly: random.chance(0.3),
        depthMax: random.between(1, 6),
        thinkMostMs: Math.max(2, Math.floor(thinkMostMs * (0.5 + random.next()))),
      }
      return new SimulatedClient(host, { world, network, settings, workload })
    })
  }

  #letClocksDrift(seeded: Prng): void {
    const random = seeded.fork('drift')
    for (const { host } of [...this.#fleet.machines, ...this.#clients]) {
      host.driftPpm = random.between(-driftMostPpm, driftMostPpm)
      host.onDrifted = () => this.#faults.hit('clock.drift')
    }
  }
}
