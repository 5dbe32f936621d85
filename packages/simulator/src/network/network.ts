/** The network: who listens where, every connection that there is, and the ways between hosts. */
import type { FaultKind } from '../faults/fault-counts.ts'
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { World } from '../world.ts'
import { calmConditions, type NetworkConditions } from './conditions.ts'
import { Endpoint, type Port } from './endpoint.ts'
import { Link } from './link.ts'

export interface DialHandler {
  opened(): void
  failed(cause: string): void
}

type Accept = (endpoint: Endpoint) => void

/** One dial on its way. */
interface Dial {
  readonly near: Endpoint
  readonly target: Host
  readonly handler: DialHandler
}

/** Retransmissions have backed off: what was held goes on within this time. */
const resumeMostUs = 100_000
/** The one of two connections that a dial has become is dropped within this time. */
const twinLifeMostUs = 600_000

export class Network {
  readonly conditions: NetworkConditions = { ...calmConditions }
  readonly #world: World
  readonly #random: Prng
  readonly #hosts = new Map<string, Host>()
  readonly #listeners = new Map<string, { readonly life: number; readonly accept: Accept }>()
  readonly #links = new Map<string, Map<string, Link>>()
  /** The dialling end of every connection that may still be open. */
  #connections: Endpoint[] = []
  #connectionCount = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork('network')
  }

  /** Connections that are open at their dialling end, oldest first. */
  get connections(): readonly Endpoint[] {
    this.#connections = this.#connections.filter(
      ({ isOver, life, host }) => !isOver && life === host.life,
    )
    return this.#connections
  }

  addHost(host: Host): void {
    this.#hosts.set(host.name, host)
  }

  /** From now on until its process ends, the host takes connections; with `undefined` it takes none any more. */
  listen(host: Host, accept: Accept | undefined, port: Port = 'client'): void {
    const place = `${host.name}:${port}`
    if (accept === undefined) this.#listeners.delete(place)
    else this.#listeners.set(place, { life: host.life, accept })
  }

  /** The way from one host to another. */
  link(from: string, to: string): Link {
    let fromHere = this.#links.get(from)
    if (fromHere === undefined) this.#links.set(from, (fromHere = new Map<string, Link>()))
    let link = fromHere.get(to)
    if (link === undefined) fromHere.set(to, (link = new Link(from, to)))
    return link
  }

  /** Nothing gets from one to the other, until {@link unblock}. Ways that are blocked already stay as they are. */
  block(from: string, to: string, cause: FaultKind): void {
    this.link(from, to).blockedBy ??= cause
  }

  /** What waited goes on, each connection for itself a while later. */
  unblock(from: string, to: string, cause: FaultKind): void {
    const link = this.link(from, to)
    if (link.blockedBy !== cause) return
    for (const goOn of link.unblock())
      this.#world.scheduler.after(
        this.#random.below(resumeMostUs),
        to,
        'gets what was held on the way from %',
        goOn,
        from,
      )
  }

  /** The returned endpoint may be used when `opened` was called. A host without power does not answer. */
  dial(from: Host, hostName: string, handler: DialHandler, port: Port = 'client'): Endpoint {
    const target = this.#hosts.get(hostName)
    if (target === undefined) throw new Error(`there is no host ${hostName}`)
    const near = this.#endpoint(from, target, { isDialler: true, port })
    this.#ask({ near, target, handler })
    return near
  }

  /** The process has ended: its connections go, and the peers are told by the kernel if there still is one. */
  processEnded(host: Host, losesPower: boolean): void {
    for (const near of this.connections) {
      if (near.host === host) near.abandon(!losesPower)
      else if (near.peer?.host === host) near.peer.abandon(!losesPower)
    }
  }

  #ask(dial: Dial): void {
    const { near, target } = dial
    this.#world.scheduler.after(
      this.#latencyUs(),
      target.name,
      'n% from % asks to connect',
      () => this.#answer(dial),
      near.connection,
      near.host.name,
    )
  }

  #answer(dial: Dial): void {
    const { near, target } = dial
    const isGone = near.isOver || near.life !== near.host.life
    if (isGone || near.isSilent || !target.isUp) return
    const link = this.link(near.host.name, target.name)
    if (link.blockedBy !== undefined) {
      this.#world.faults.hit(link.blockedBy)
      link.whenFree(() => this.#answer(dial))
      return
    }
    const listener = this.#listeners.get(`${target.name}:${near.port}`)
    let isRefused = listener === undefined || listener.life !== target.life
    if (!isRefused && link.refuseChance > 0 && this.#random.chance(link.refuseChance)) {
      isRefused = true
      this.#world.faults.hit('network.refuse')
    }
    if (!isRefused && listener !== undefined) this.#connect(dial, listener.accept)
    this.#tell(dial, isRefused)
  }

  #connect({ near, target }: Dial, accept: Accept): void {
    const link = this.link(near.host.name, target.name)
    const isTwofold = link.duplicateChance > 0 && this.#random.chance(link.duplicateChance)
    const isTwinFirst = isTwofold && this.#random.chance(0.5)
    if (isTwinFirst) this.#acceptTwin(near, target, accept)
    this.#accept(near, target, accept)
    if (isTwofold && !isTwinFirst) this.#acceptTwin(near, target, accept)
  }

  #accept(near: Endpoint, target: Host, accept: Accept): void {
    const { connection, port } = near
    const far = this.#endpoint(target, near.host, { isDialler: false, port, connection })
    near.peer = far
    far.peer = near
    this.#connections.push(near)
    target.gate('input', 'n% is accepted', () => accept(far), connection)
  }

  /** The same dial once more, as of a kernel that took the first one for lost; nobody at its near end ever listens. */
  #acceptTwin(near: Endpoint, target: Host, accept: Accept): void {
    const twin = this.#endpoint(near.host, target, { isDialler: true, port: near.port })
    this.#world.faults.hit('network.duplicate-dial')
    if (this.#random.chance(0.5)) near.twin = twin
    near.host.note('n% is the double of n%', twin.connection, near.connection)
    this.#accept(twin, target, accept)
    this.#world.scheduler.after(
      this.#random.between(1_000, twinLifeMostUs),
      near.host.name,
      'n% is dropped',
      () => twin.abandon(true),
      twin.connection,
    )
  }

  #tell({ near, target, handler }: Dial, isRefused: boolean): void {
    const back = this.link(target.name, near.host.name)
    const tell = (): void => {
      if (isRefused) handler.failed('the connection was refused')
      else if (!near.isOver) handler.opened()
    }
    const answer = (): void => {
      near.host.after(
        this.#latencyUs(),
        'input',
        isRefused ? 'n% to % is refused' : 'n% to % is open',
        tell,
        near.connection,
        target.name,
      )
    }
    if (back.blockedBy === undefined) return answer()
    this.#world.faults.hit(back.blockedBy)
    const { life } = near
    back.whenFree(() => {
      if (life === near.host.life) answer()
    })
  }

  #endpoint(
    host: Host,
    other: Host,
    end: { readonly isDialler: boolean; readonly port: Port; readonly connection?: number },
  ): Endpoint {
    return new Endpoint({
      connection: end.connection ?? ++this.#connectionCount,
      isDialler: end.isDialler,
      port: end.port,
      host,
      wayOut: this.link(host.name, other.name),
      wayIn: this.link(other.name, host.name),
      world: this.#world,
      random: this.#random,
      conditions: this.conditions,
    })
  }

  #latencyUs(): number {
    return this.#random.between(this.conditions.latencyLeastUs, this.conditions.latencyMostUs)
  }
}
