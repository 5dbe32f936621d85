/**
 * One run: servers, clients and faults, from one seed.
 *
 *     faults and load ── faults end, load goes on ── load ends, servers come together ── a last power failure of all
 *     and recovery ── the end
 *
 * The run ends at the first thing that a checker finds wrong.
 */
import { parseMembership } from '@quorate/consensus'
import { type Checker, isRead } from './checkers/checker.ts'
import { standardCheckers } from './checkers/standard-checkers.ts'
import {
  type ApplicationCounts,
  createApplications,
  noApplications,
} from './client/applications.ts'
import type { ClientProcess } from './client/client-process.ts'
import { RealClient } from './client/real-client.ts'
import { SimulatedClient } from './client/simulated-client.ts'
import { EventLog, type LineSink } from './event-log.ts'
import type { Fault } from './faults/fault.ts'
import { FaultCounts, type FaultKind } from './faults/fault-counts.ts'
import { allFaults, Nemesis } from './faults/nemesis.ts'
import type { Observation, Replied } from './history/observation.ts'
import { driftMostPpm, Host } from './host.ts'
import { Network } from './network/network.ts'
import { Prng } from './prng.ts'
import { PromiseTurns, runContinuations } from './promise-turns.ts'
import { Scheduler } from './scheduler.ts'
import { createEnsembleMember, memberTiming } from './server/ensemble-member-factory.ts'
import type { EnsembleOperator } from './server/ensemble-server.ts'
import { createFleet, type Fleet } from './server/fleet.ts'
import { StandaloneDriver } from './server/standalone-driver.ts'
import type { DriverFactory } from './server/standalone-server.ts'
import { drawTopology, type Topology, type TopologyWish } from './topology.ts'
import { createWorkload } from './workload/mixed-workload.ts'
import { usPerMs, type World } from './world.ts'

export interface SimulationOptions extends ApplicationCounts {
  readonly seed: number
  /** What is not said is drawn from the seed. */
  readonly topology: TopologyWish
  /** Virtual time under faults. */
  readonly durationMs: number
  /** Events under faults, if fewer; later phases have what they need. */
  readonly stepsMax: number
  readonly clientCount: number
  /** How many of them are the real client library; undefined: some, drawn from the seed. */
  readonly realClientCount: number | undefined
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
  realClientCount: undefined,
  recipeClientCount: undefined,
  dataClientCount: undefined,
  memberClientCount: undefined,
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
  /** What servers said of writes whose answers were lost, and how often. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

type Asked = Partial<SimulationOptions> & { readonly seed: number }

/** A whole run, with real clients: what they do goes on behind promises. */
export async function simulateAsync(options: Asked): Promise<SimulationResult> {
  const run = new Simulation({ ...simulationDefaults, ...options }).run()
  for (;;) {
    const { done, value } = run.next()
    if (done === true) return value
    await runContinuations()
  }
}

/** The same with no real clients, at once. */
export function simulate(
  options: Omit<Asked, 'realClientCount' | keyof ApplicationCounts>,
): SimulationResult {
  const run = new Simulation({
    ...simulationDefaults,
    ...options,
    realClientCount: 0,
    ...noApplications,
  }).run()
  const { done, value } = run.next()
  if (done === true) return value
  throw new Error('a simulation without real clients waits for a promise')
}

/** Each step ends where continuations of promises are to run. */
type Steps<T> = Generator<undefined, T>

/** How often clients ask for several things at once. */
const burstChances = [0, 0.3, 0.6]

/** A wiped server comes back last of all. */
const settleBoundMs = 30_000

/** What servers find of peers that are wrong, and the ways between them can't have done. */
const impossibleCodes: ReadonlySet<string> = new Set([
  'PROPOSAL_GAP',
  'COMMIT_OUT_OF_ORDER',
  'LEADER_BROKEN',
  'SNAP_UNREADABLE',
])

/** A checker's method by itself: checkers have no shape in common, and a look-up in each costs more than many of them do. */
interface Reader {
  readonly checker: string
  readonly observe: Checker['observe']
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #topology: Topology
  readonly #log: EventLog
  readonly #scheduler: Scheduler
  readonly #faults = new FaultCounts()
  readonly #reports = new Map<string, number>()
  readonly #outcomes = new Map<string, number>()
  readonly #checkers: readonly Checker[]
  readonly #readersByType = new Map<Observation['type'], readonly Reader[]>()
  readonly #fleet: Fleet
  readonly #clients: readonly ClientProcess[]
  readonly #turns = new PromiseTurns()
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
      reported: (code) => this.#reported(code),
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

  *run(): Steps<SimulationResult> {
    try {
      yield* this.#runPhases()
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
      outcomes: this.#outcomes,
      violation: this.#violation,
    }
  }

  *#runPhases(): Steps<void> {
    const { durationMs, stepsMax, livenessBoundMs } = this.#options
    for (const machine of this.#fleet.machines) machine.start()
    for (const client of this.#clients) client.start()
    this.#nemesis.start()
    yield* this.#runUntil(durationMs * usPerMs, () => this.#scheduler.step >= stepsMax)

    this.#nemesis.stop()
    const clients = this.#clients.map(({ host }) => host.name)
    this.#observe({ type: 'faultsEnded', clients })
    yield* this.#runFor(livenessBoundMs, () => false)

    for (const client of this.#clients) client.stop()
    yield* this.#runFor(livenessBoundMs, () => this.#clients.every(({ isIdle }) => isIdle))

    yield* this.#converge('after the last fault')
    this.#fleet.tellLocalSessions()
    for (const machine of this.#fleet.machines) machine.end(true)
    yield* this.#converge('after a power failure of all')
    this.#fleet.settle()
    this.#observe({ type: 'ended' })
  }

  /** Servers that none of them takes notice of any more would be brought back by a restart: so it is asked for before one, too. */
  *#converge(when: string): Steps<void> {
    yield* this.#runFor(settleBoundMs, () => this.#fleet.isSettled())
    if (this.#violation === undefined && !this.#fleet.isSettled())
      this.#violate('convergence', `${when} not all servers come together in ${settleBoundMs} ms`)
  }

  *#runFor(durationMs: number, isOver: () => boolean): Steps<void> {
    yield* this.#runUntil(this.#scheduler.nowUs + durationMs * usPerMs, isOver)
  }

  *#runUntil(atUs: number, isOver: () => boolean): Steps<void> {
    while (this.#runUntilDue(atUs, isOver)) {
      yield
      this.#turns.end()
    }
  }

  /** Runs events until continuations are due. Returns false when it is over. (A loop of its own, as those of generators stay slow.) */
  #runUntilDue(atUs: number, isOver: () => boolean): boolean {
    while (this.#violation === undefined && this.#scheduler.nowUs < atUs && !isOver()) {
      if (!this.#scheduler.runNext()) return false
      if (this.#turns.isDue) return true
    }
    return false
  }

  #observe(observation: Observation): void {
    const { type } = observation
    if (type === 'replied') this.#countReply(observation)
    else if (type === 'recovered') this.#recoveryCount++
    else if (type === 'loaded' && observation.cause === 'recovered') this.#recoveryCount++
    else if (type === 'termStarted' && observation.role === 'leading') this.#leaderCount++
    const { nowUs } = this.#scheduler
    const readers = this.#readersByType.get(type) ?? this.#findReaders(observation)
    for (let at = 0; at < readers.length; at++) {
      const { checker, observe } = readers[at]!
      const message = observe(observation, nowUs)
      if (message !== undefined) this.#violate(checker, message)
    }
  }

  #countReply({ answer }: Replied): void {
    this.#replyCount++
    for (const { state } of answer.outcomes ?? [])
      this.#outcomes.set(state, (this.#outcomes.get(state) ?? 0) + 1)
  }

  #reported(code: string): void {
    this.#reports.set(code, (this.#reports.get(code) ?? 0) + 1)
    if (impossibleCodes.has(code))
      this.#violate('peers', `a server reports ${code} of another one that should be right`)
  }

  #findReaders(observation: Observation): readonly Reader[] {
    const readers = this.#checkers
      .filter((checker) => isRead(checker, observation))
      .map((checker) => ({ checker: checker.name, observe: checker.observe.bind(checker) }))
    this.#readersByType.set(observation.type, readers)
    return readers
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

  #createClients(world: World, network: Network): readonly ClientProcess[] {
    const { clientCount, loadPerSecond } = this.#options
    const workload = createWorkload(world.random.fork('workload'), this.#options.workload, {
      reconfiguration: this.#fleet.ensemble?.reconfiguration,
    })
    const random = world.random.fork('clients')
    const realCount = this.#realClientCount(world.random.fork('real clients'))
    const burstChance = random.pick(burstChances)
    const thinkMostMs = Math.ceil((2_000 * clientCount) / loadPerSecond / (1 - burstChance))
    const clients = Array.from({ length: clientCount }, (_, at): ClientProcess => {
      const host = new Host(`client${at + 1}`, this.#scheduler)
      network.addHost(host)
      const settings = {
        servers: this.#fleet.clientHosts,
        sessionTimeoutMs: random.between(600, 3_000),
        acceptsReadOnly: random.chance(0.3),
        depthMax: random.between(1, 6),
        burstChance,
        thinkMostMs: Math.max(2, Math.floor(thinkMostMs * (0.5 + random.next()))),
      }
      const parts = { world, network, settings, workload }
      if (at >= clientCount - realCount)
        return new RealClient(host, { ...parts, turns: this.#turns })
      return new SimulatedClient(host, parts)
    })
    const surroundings = {
      world,
      network,
      turns: this.#turns,
      servers: this.#fleet.clientHosts,
    }
    return [...clients, ...createApplications(surroundings, this.#options.seed, this.#options)]
  }

  /** Two or three of twelve. */
  #realClientCount(random: Prng): number {
    const { clientCount, realClientCount } = this.#options
    const drawn = random.between(2, 3)
    return Math.min(clientCount, realClientCount ?? Math.ceil((drawn * clientCount) / 12))
  }

  #letClocksDrift(seeded: Prng): void {
    const random = seeded.fork('drift')
    for (const { host } of [...this.#fleet.machines, ...this.#clients]) {
      host.driftPpm = random.between(-driftMostPpm, driftMostPpm)
      host.onDrifted = () => this.#faults.hit('clock.drift')
    }
  }
}
