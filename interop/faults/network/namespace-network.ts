/**
 * Every server in a network namespace of its own, on a bridge that clients sit on: the kernel's own TCP loses its packets.
 *
 * Names and the subnet hold the process id, so that runs side by side don't meet, and what a run that was killed has left is
 * found by the next one.
 */
import { existsSync } from 'node:fs'
import { complaintOf, run } from '../commands.ts'
import type { ServerCommand } from '../../harness/server-process.ts'
import {
  type Address,
  type Condition,
  type FaultNetwork,
  type NetworkPlan,
  roleOf,
  serverIds,
  type Way,
  type Weather,
} from './fault-network.ts'
import { choosePacketFilter, type Host, inside, type PacketFilter } from './packet-filter.ts'

const prefix = 'quorate-faults-'
const clientPort = 2181
const quorumPort = 2888
const electionPort = 3888
/** Of 1 to 254, beyond all ids. */
const bridgeNumber = 254

export class NamespaceNetwork implements FaultNetwork {
  readonly weathers: ReadonlySet<Weather>
  readonly missing: readonly string[]
  readonly #plan: NetworkPlan
  readonly #names: Names
  readonly #hosts: ReadonlyMap<number, Host>
  readonly #clients: Host
  readonly #filter: PacketFilter
  readonly #shaper: Shaper
  readonly #shaped = new Set<number>()

  private constructor(parts: {
    readonly plan: NetworkPlan
    readonly names: Names
    readonly hosts: ReadonlyMap<number, Host>
    readonly clients: Host
  }) {
    this.#plan = parts.plan
    this.#names = parts.names
    this.#hosts = parts.hosts
    this.#clients = parts.clients
    const first = parts.names.namespace(1)
    const { filter, refused } = choosePacketFilter(first)
    const { shaper, refused: unshaped } = chooseShaper(first)
    this.#filter = filter
    this.#shaper = shaper
    this.weathers = new Set([...shaper.weathers, ...(filter.hasLoss ? (['loss'] as const) : [])])
    this.missing = [...refused, ...unshaped]
  }

  /** @returns why there can be no such network here; undefined when there can be */
  static refusal(): string | undefined {
    if (process.getuid?.() !== 0) return 'not run as root'
    const name = `${prefix}${process.pid}-0`
    const complaint = complaintOf(['ip', 'netns', 'add', name])
    if (complaint !== undefined) return `ip netns add: ${complaint}`
    try {
      const words = ['ip', '-n', name, 'link', 'add', 'probe0', 'type', 'veth', 'peer', 'probe1']
      const refused = complaintOf(words) ?? complaintOf(inside(name, ['true']))
      return refused === undefined ? undefined : `veth: ${refused}`
    } finally {
      complaintOf(['ip', 'netns', 'del', name])
    }
  }

  /** Removes what runs have left whose processes are no more, with their servers. */
  static async sweep(): Promise<void> {
    for (const [, pid, id] of (await run(['ip', 'netns', 'list'])).matchAll(
      /^quorate-faults-(\d+)-(\d+)/gm,
    )) {
      if (existsSync(`/proc/${pid}`)) continue
      const names = new Names(Number(pid))
      const servers = await run(['ip', 'netns', 'pids', names.namespace(Number(id))])
      for (const server of servers.split('\n').filter(Boolean))
        process.kill(Number(server), 'SIGKILL')
      names.removeAll([Number(id)])
    }
  }

  static async create(plan: NetworkPlan): Promise<NamespaceNetwork> {
    const names = new Names(process.pid)
    const hosts = new Map<number, Host>()
    try {
      await run(['ip', 'link', 'add', names.bridge, 'type', 'bridge'])
      const bridgeAddress = await addBridgeAddress(names.bridge)
      const subnet = bridgeAddress.split('.').slice(0, 3).join('.')
      await run(['ip', 'link', 'set', names.bridge, 'up'])
      for (const id of serverIds(plan)) hosts.set(id, await addHost(names, id, `${subnet}.${id}`))
      const clients = { address: bridgeAddress, namespace: undefined, device: names.bridge }
      const network = new NamespaceNetwork({ plan, names, hosts, clients })
      for (const { namespace } of hosts.values()) await network.#filter.prepare(namespace!)
      return network
    } catch (error) {
      names.removeAll(serverIds(plan))
      throw error
    }
  }

  get description(): string {
    return `network namespaces; packets dropped by ${this.#filter.name}, shaped by ${this.#shaper.name}`
  }

  serverLines(_viewer: number): readonly string[] {
    return serverIds(this.#plan).map((id) => {
      const { address } = this.#host(id)
      return `server.${id}=${address}:${quorumPort}:${electionPort}:${roleOf(id, this.#plan)};${clientPort}`
    })
  }

  clientAddress(server: number): Address {
    return { host: this.#host(server).address, port: clientPort }
  }

  placed(server: number, { command, words, ...rest }: ServerCommand): ServerCommand {
    const [first, ...others] = inside(this.#host(server).namespace!, [command, ...words])
    return { command: first!, words: others, ...rest }
  }

  async cut(ways: readonly Way[]): Promise<void> {
    for (const { from, to } of ways) await this.#filter.drop(this.#host(from), this.#host(to))
  }

  async impose({ weather, server, severity }: Condition): Promise<void> {
    if (weather === 'loss' && !this.#shaper.weathers.includes('loss'))
      return this.#filter.lose(this.#host(server), 0.05 + severity * 0.3)
    this.#shaped.add(server)
    const { namespace, device } = this.#host(server)
    const qdisc = this.#shaper.qdisc(weather, severity)
    await run(['tc', '-n', namespace!, 'qdisc', 'replace', 'dev', device, 'root', ...qdisc])
  }

  async heal(): Promise<void> {
    for (const [id, host] of this.#hosts) {
      const others = [...this.#hosts.values(), this.#clients].filter((other) => other !== host)
      await this.#filter.clear(host, others)
      if (!this.#shaped.delete(id)) continue
      await run(['tc', '-n', host.namespace!, 'qdisc', 'del', 'dev', host.device, 'root'])
    }
  }

  dispose(): void {
    this.#names.removeAll(this.#hosts.keys())
  }

  #host(place: number | 'clients'): Host {
    const host = place === 'clients' ? this.#clients : this.#hosts.get(place)
    if (host === undefined) throw new Error(`there is no server ${place}`)
    return host
  }
}

/** Interfaces have at most 15 letters. */
class Names {
  readonly #pid: number

  constructor(pid: number) {
    this.#pid = pid
  }

  get bridge(): string {
    return `qf${this.#pid.toString(36)}b`
  }

  namespace(id: number): string {
    return `${prefix}${this.#pid}-${id}`
  }

  veth(id: number): string {
    return `qf${this.#pid.toString(36)}v${id}`
  }

  removeAll(ids: Iterable<number>): void {
    // The kernel keeps a namespace while connections of processes that are gone still wait for answers: not the interfaces, too.
    for (const id of ids) {
      complaintOf(['ip', 'link', 'del', this.veth(id)])
      complaintOf(['ip', 'netns', 'del', this.namespace(id)])
    }
    complaintOf(['ip', 'link', 'del', this.bridge])
  }
}

/** In a subnet that nobody has. */
async function addBridgeAddress(bridge: string): Promise<string> {
  const taken = await run(['ip', '-o', '-4', 'address'])
  for (let i = 0; i < 250; i++) {
    const subnet = `10.214.${1 + ((process.pid + i) % 250)}`
    if (taken.includes(`inet ${subnet}.`)) continue
    const address = `${subnet}.${bridgeNumber}`
    await run(['ip', 'address', 'add', `${address}/24`, 'dev', bridge])
    return address
  }
  throw new Error('all subnets 10.214.1.0/24 to 10.214.250.0/24 are taken')
}

async function addHost(names: Names, id: number, address: string): Promise<Host> {
  const [namespace, veth, device] = [names.namespace(id), names.veth(id), 'eth0']
  await run(['ip', 'netns', 'add', namespace])
  const peer = ['peer', 'name', device, 'netns', namespace]
  await run(['ip', 'link', 'add', veth, 'type', 'veth', ...peer])
  await run(['ip', 'link', 'set', veth, 'master', names.bridge, 'up'])
  await run(['ip', '-n', namespace, 'link', 'set', 'lo', 'up'])
  await run(['ip', '-n', namespace, 'link', 'set', device, 'up'])
  await run(['ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', device])
  return { address, namespace, device }
}

interface Shaper {
  readonly name: string
  readonly weathers: readonly Weather[]
  /** Words of tc. */
  qdisc(weather: Weather, severity: number): readonly string[]
}

function chooseShaper(namespace: string): {
  readonly shaper: Shaper
  readonly refused: readonly string[]
} {
  const refused: string[] = []
  for (const shaper of [netem, tokenBucket]) {
    const place = ['tc', '-n', namespace, 'qdisc', 'replace', 'dev', 'lo', 'root']
    const complaint = complaintOf([...place, ...shaper.qdisc(shaper.weathers[0]!, 0)])
    if (complaint === undefined) {
      complaintOf(['tc', '-n', namespace, 'qdisc', 'del', 'dev', 'lo', 'root'])
      return { shaper, refused }
    }
    refused.push(`no ${shaper.name} (${complaint})`)
  }
  return { shaper: noShaper, refused }
}

const netem: Shaper = {
  name: 'netem',
  weathers: ['delay', 'loss', 'throttle'],
  qdisc(weather, severity) {
    if (weather === 'delay') {
      const ms = Math.round(20 + severity * 400)
      return ['netem', 'delay', `${ms}ms`, `${Math.round(ms / 4)}ms`]
    }
    if (weather === 'loss') return ['netem', 'loss', `${Math.round(5 + severity * 30)}%`]
    return ['netem', 'rate', `${Math.round(512 - severity * 384)}kbit`]
  },
}

const tokenBucket: Shaper = {
  name: 'tbf',
  weathers: ['throttle'],
  qdisc(_weather, severity) {
    const rate = `${Math.round(512 - severity * 384)}kbit`
    return ['tbf', 'rate', rate, 'burst', '4kb', 'latency', '400ms']
  },
}

const noShaper: Shaper = {
  name: 'nothing',
  weathers: [],
  qdisc() {
    throw new Error('nothing shapes packets here')
  },
}
