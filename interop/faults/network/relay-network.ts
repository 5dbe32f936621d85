/**
 * Every way between servers, and from clients to servers, leads through relays of this process on the loopback interface. Each
 * server's zoo.cfg names the others by the ports of its own relays to them, so that a connection's ways are known.
 */
import type { Prng } from '@quorate/simulator'
import { reservedPorts } from '../../harness/reserved-ports.ts'
import type { ServerCommand } from '../../harness/server-process.ts'
import {
  type Address,
  type Condition,
  type FaultNetwork,
  type NetworkPlan,
  type Place,
  roleOf,
  serverIds,
  type Way,
  type Weather,
} from './fault-network.ts'
import { Relay, RelayedWay } from './relay.ts'

const host = '127.0.0.1'

/** Of a server itself, or of the relays that lead to it. */
interface Ports {
  readonly client: number
  readonly quorum: number
  readonly election: number
}

export class RelayNetwork implements FaultNetwork {
  readonly description = 'TCP relays of this process on the loopback interface'
  readonly weathers: ReadonlySet<Weather> = new Set(['delay', 'loss', 'throttle'])
  readonly missing: readonly string[] = []
  readonly #plan: NetworkPlan
  readonly #random: Prng
  readonly #own = new Map<number, Ports>()
  /** By who dials and who is dialled. */
  readonly #relayed = new Map<string, Ports>()
  readonly #ways = new Map<string, RelayedWay>()
  readonly #relays: Relay[] = []

  private constructor(plan: NetworkPlan, random: Prng) {
    this.#plan = plan
    this.#random = random
  }

  static async create(plan: NetworkPlan, random: Prng): Promise<RelayNetwork> {
    const network = new RelayNetwork(plan, random)
    await network.#open()
    return network
  }

  async #open(): Promise<void> {
    const ids = serverIds(this.#plan)
    const pairs = ids.flatMap((to) =>
      [...ids, 'clients' as const].filter((from) => from !== to).map((from) => ({ from, to })),
    )
    const ports = [...(await reservedPorts(3 * (ids.length + pairs.length)))]
    const next = (): Ports => ({
      client: ports.pop()!,
      quorum: ports.pop()!,
      election: ports.pop()!,
    })
    for (const id of ids) this.#own.set(id, next())
    for (const { from, to } of pairs) {
      const relayed = next()
      this.#relayed.set(`${from}>${to}`, relayed)
      const own = this.#own.get(to)!
      const names: readonly (keyof Ports)[] =
        from === 'clients' ? ['client'] : ['quorum', 'election']
      for (const name of names) {
        const plan = {
          port: relayed[name],
          target: { host, port: own[name] },
          there: this.#way(from, to),
          back: this.#way(to, from),
        }
        this.#relays.push(await Relay.open(plan))
      }
    }
  }

  serverLines(viewer: number): readonly string[] {
    return serverIds(this.#plan).map((id) => {
      const { quorum, election } = (
        id === viewer ? this.#own.get(id) : this.#relayed.get(`${viewer}>${id}`)
      )!
      const { client } = this.#own.get(id)!
      return `server.${id}=${host}:${quorum}:${election}:${roleOf(id, this.#plan)};${host}:${client}`
    })
  }

  clientAddress(server: number): Address {
    return { host, port: this.#relayed.get(`clients>${server}`)!.client }
  }

  placed(_server: number, command: ServerCommand): ServerCommand {
    return command
  }

  async cut(ways: readonly Way[]): Promise<void> {
    for (const { from, to } of ways) this.#way(from, to).cut()
  }

  async impose({ weather, server, severity }: Condition): Promise<void> {
    for (const other of [...serverIds(this.#plan), 'clients' as const]) {
      if (other === server) continue
      const way = this.#way(server, other)
      if (weather === 'delay') way.delayMs = 20 + severity * 400
      else if (weather === 'loss') way.lossChance = 0.05 + severity * 0.3
      else way.bytesPerSecond = 64_000 - severity * 48_000
    }
  }

  async heal(): Promise<void> {
    for (const way of this.#ways.values()) way.heal()
  }

  dispose(): void {
    for (const relay of this.#relays) relay.close()
  }

  #way(from: Place, to: Place): RelayedWay {
    const name = `${from}>${to}`
    const known = this.#ways.get(name)
    if (known !== undefined) return known
    const way = new RelayedWay(this.#random.fork(name))
    this.#ways.set(name, way)
    return way
  }
}
