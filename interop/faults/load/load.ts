/**
 * The clients of a run, which are the simulation's, and what they have seen, which its checkers are to judge when the run is over.
 */
import {
  createWorkload,
  FaultCounts,
  Host,
  type Observation,
  type Prng,
  SimulatedClient,
  type World,
} from '@quorate/simulator'
import type { Address } from '../network/fault-network.ts'
import { RealTime } from './real-time.ts'
import { SocketNetwork } from './socket-network.ts'

export interface Observed {
  readonly atUs: number
  readonly observation: Observation
}

export interface LoadPlan {
  readonly addresses: ReadonlyMap<string, Address>
  readonly random: Prng
  readonly clientCount: number
  /** Operations that all together ask for in a second, if they are answered soon. */
  readonly loadPerSecond: number
  /** Gets what clients do, line by line. */
  readonly trace: (line: string) => void
}

/** How often clients ask for several things at once. */
const burstChances = [0, 0.3, 0.6]

export class Load {
  readonly observed: Observed[] = []
  readonly #time: RealTime
  readonly #network: SocketNetwork
  readonly #clients: readonly SimulatedClient[]
  readonly #unserved = new Set<string>()
  #replyCount = 0
  #isEnded = false

  constructor(plan: LoadPlan) {
    this.#time = new RealTime(plan.trace)
    this.#network = new SocketNetwork(this.#time, plan.addresses)
    const world: World = {
      scheduler: this.#time.scheduler,
      random: plan.random,
      faults: new FaultCounts(),
      observe: (observation) => this.#observe(observation),
      reported: () => {},
    }
    this.#clients = this.#createClients(plan, world)
  }

  /** Operations that were answered. */
  get replyCount(): number {
    return this.#replyCount
  }

  /** Whether nobody waits for an answer. */
  get isIdle(): boolean {
    return this.#clients.every(({ isIdle }) => isIdle)
  }

  get names(): readonly string[] {
    return this.#clients.map(({ host }) => host.name)
  }

  start(): void {
    this.#time.enter('load', 'starts', () => {
      for (const client of this.#clients) client.start()
    })
    this.#time.start()
  }

  /** A client's process is gone, and its session is left to expire. */
  kill(name: string): void {
    this.#time.enter('nemesis', 'kills a client', () => this.#client(name).kill(false))
  }

  /** It starts over, with nothing. */
  restart(name: string): void {
    this.#time.enter('nemesis', 'starts a client', () => this.#client(name).start())
  }

  /** From now on every client is to be served soon: {@link unserved} tells whom that has not happened to. */
  faultsEnded(): void {
    for (const name of this.names) this.#unserved.add(name)
    this.#tell({ type: 'faultsEnded', clients: this.names })
  }

  /** Clients that were not answered a write or a barrier since the faults ended. */
  get unserved(): ReadonlySet<string> {
    return this.#unserved
  }

  /** Nothing new is asked for; sessions go on. */
  rest(): void {
    for (const client of this.#clients) client.stop()
  }

  /** May be called again. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#tell({ type: 'ended' })
    this.#time.stop()
    this.#network.dispose()
  }

  #client(name: string): SimulatedClient {
    const client = this.#clients.find(({ host }) => host.name === name)
    if (client === undefined) throw new Error(`there is no ${name}`)
    return client
  }

  #tell(observation: Observation): void {
    this.#time.enter('run', observation.type, () => this.#observe(observation))
  }

  #observe(observation: Observation): void {
    this.observed.push({ atUs: this.#time.scheduler.nowUs, observation })
    if (observation.type !== 'replied') return
    this.#replyCount++
    // The same measure as that of the checker for liveness.
    if (observation.operation !== undefined && isQuorumNeeded(observation.operation.type))
      this.#unserved.delete(observation.client)
  }

  #createClients(plan: LoadPlan, world: World): readonly SimulatedClient[] {
    const { random, clientCount, loadPerSecond, addresses } = plan
    const workload = createWorkload(random.fork('workload'))
    const drawn = random.fork('clients')
    const burstChance = drawn.pick(burstChances)
    const thinkMostMs = Math.ceil((2_000 * clientCount) / loadPerSecond / (1 - burstChance))
    return Array.from({ length: clientCount }, (_, at) => {
      const host = new Host(`client${at + 1}`, this.#time.scheduler)
      const settings = {
        servers: [...addresses.keys()],
        sessionTimeoutMs: drawn.between(2_000, 8_000),
        acceptsReadOnly: drawn.chance(0.2),
        depthMax: drawn.between(1, 6),
        burstChance,
        thinkMostMs: Math.max(2, Math.floor(thinkMostMs * (0.5 + drawn.next()))),
      }
      return new SimulatedClient(host, { world, network: this.#network, settings, workload })
    })
  }
}

function isQuorumNeeded(type: string): boolean {
  return ['create', 'delete', 'setData', 'multi', 'sync', 'closeSession'].includes(type)
}
