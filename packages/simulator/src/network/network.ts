/** The network: who listens where, and every connection that there is. */
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { World } from '../world.ts'
import { calmConditions, type NetworkConditions } from './conditions.ts'
import { Endpoint } from './endpoint.ts'

export interface DialHandler {
  opened(): void
  failed(cause: string): void
}

type Accept = (endpoint: Endpoint) => void

export class Network {
  readonly conditions: NetworkConditions = { ...calmConditions }
  readonly #world: World
  readonly #random: Prng
  readonly #hosts = new Map<string, Host>()
  readonly #listeners = new Map<string, { readonly life: number; readonly accept: Accept }>()
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

  /** From now on until its process ends, the host takes connections. */
  listen(host: Host, accept: Accept): void {
    this.#listeners.set(host.name, { life: host.life, accept })
  }

  /** The returned endpoint may be used when `opened` was called. A host without power does not answer. */
  dial(from: Host, hostName: string, handler: DialHandler): Endpoint {
    const target = this.#hosts.get(hostName)
    if (target === undefined) throw new Error(`there is no host ${hostName}`)
    const near = this.#endpoint(from, { connection: ++this.#connectionCount, isDialler: true })
    this.#world.scheduler.after(
      this.#latencyUs(),
      hostName,
      `n${near.connection} from ${from.name} asks to connect`,
      () => this.#answer(near, target, handler),
    )
    return near
  }

  /** The process has ended: its connections go, and the peers are told by the kernel if there still is one. */
  processEnded(host: Host, losesPower: boolean): void {
    for (const near of this.connections) {
      if (near.host === host) near.abandon(!losesPower)
      else if (near.peer?.host === host) near.peer.abandon(!losesPower)
    }
  }

  #answer(near: Endpoint, target: Host, handler: DialHandler): void {
    const isGone = near.isOver || near.life !== near.host.life
    if (isGone || near.isSilent || !target.isUp) return
    const listener = this.#listeners.get(target.name)
    const isRefused = listener === undefined || listener.life !== target.life
    const answer = isRefused
      ? (): void => handler.failed('the connection was refused')
      : (): void => {
          if (!near.isOver) handler.opened()
        }
    if (!isRefused) {
      const far = this.#endpoint(target, { connection: near.connection, isDialler: false })
      near.peer = far
      far.peer = near
      this.#connections.push(near)
      target.gate('input', `n${near.connection} is accepted`, () => listener.accept(far))
    }
    near.host.after(
      this.#latencyUs(),
      'input',
      `n${near.connection} to ${target.name} is ${isRefused ? 'refused' : 'open'}`,
      answer,
    )
  }

  #endpoint(
    host: Host,
    end: { readonly connection: number; readonly isDialler: boolean },
  ): Endpoint {
    return new Endpoint({
      ...end,
      host,
      world: this.#world,
      random: this.#random,
      conditions: this.conditions,
    })
  }

  #latencyUs(): number {
    return this.#random.between(this.conditions.latencyLeastUs, this.conditions.latencyMostUs)
  }
}
