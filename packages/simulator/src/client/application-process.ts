/**
 * A process that uses the real client library: its life, and the client objects that it makes one after another. What it does with
 * them is its own affair, see {@link RealClient}, {@link RecipeClient} and {@link DataClient}.
 *
 * 1. Its sockets are tapped ({@link ConnectionTap}), so that checkers see of it what they see of a client of the simulator's own.
 * 2. What promises, listeners and timers of an earlier life say reaches nobody.
 */
import { ZooKeeper, type ZooKeeperOptions } from '@quorate/client/core'
import type { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { PromiseTurns } from '../promise-turns.ts'
import { usPerMs, type World } from '../world.ts'
import type { ClientProcess, ClientSettings } from './client-process.ts'
import { createClientWorld } from './client-world.ts'
import type { ConnectionTap } from './connection-tap.ts'

export interface ApplicationParts {
  readonly world: World
  readonly network: Network
  readonly settings: ClientSettings
  readonly turns: PromiseTurns
}

/** The port is part of the address, and nothing to the simulated network. */
const port = 2181
/** Before the first client is made. */
const startMostMs = 50
/** Before a lost session is followed by another. */
const mournMostMs = 300

export abstract class ApplicationProcess implements ClientProcess {
  readonly host: Host
  isResting = false
  abstract readonly isIdle: boolean
  protected readonly parts: ApplicationParts
  protected readonly random: Prng
  /** The present client; undefined between two. */
  protected zk: ZooKeeper | undefined
  protected isStopping = false
  /** Of connections that may be open. */
  #taps: ConnectionTap[] = []

  /** @param kind tells its random numbers from those of others */
  constructor(host: Host, parts: ApplicationParts, kind: string) {
    this.host = host
    this.parts = parts
    this.random = parts.world.random.fork(`${kind} ${host.name}`)
  }

  start(): void {
    this.host.powerOn()
    this.later(this.random.below(startMostMs), 'opens a client', () => this.open())
  }

  stop(): void {
    this.isStopping = true
  }

  kill(losesPower: boolean): void {
    this.dies()
    for (const tap of this.#taps) tap.closed()
    this.parts.network.processEnded(this.host, losesPower)
    this.host.endProcess(losesPower)
    this.zk = undefined
    this.#taps = []
  }

  /** Makes a client and goes to work. */
  protected abstract open(): void

  /** The process ends: what it has under way is forgotten. */
  protected abstract dies(): void

  /** Makes the present client, in a turn of promises. */
  protected makeClient(options: ZooKeeperOptions<'utf8'>): ZooKeeper {
    const { host, random } = this
    const { network, settings, turns, world } = this.parts
    turns.begin()
    const clientWorld = createClientWorld({
      host,
      network,
      turns,
      random,
      observe: (observation) => world.observe(observation),
      tapped: (tap) => {
        this.#taps = this.#taps.filter(({ isOver }) => !isOver)
        this.#taps.push(tap)
      },
    })
    const servers = settings.servers.map((server) => `${server}:${port}`).join(',')
    const { sessionTimeoutMs: timeout } = settings
    this.zk = new ZooKeeper(servers, { timeout, ...options }, clientWorld)
    return this.zk
  }

  /** The session is lost, and another client follows. */
  protected openAnother(): void {
    this.zk = undefined
    this.later(this.random.below(mournMostMs), 'opens another client', () => this.open())
  }

  /** @param zk the client whose time to speak ends when there is another; undefined: the process's own */
  protected guarded<A extends readonly unknown[]>(
    zk: ZooKeeper | undefined,
    job: (...args: A) => void,
  ): (...args: A) => void {
    const { life } = this.host
    return this.parts.turns.guarded((...args: A) => {
      if (life !== this.host.life) return
      if (zk === undefined || zk === this.zk) job(...args)
    })
  }

  protected later(delayMs: number, what: string, run: () => void): void {
    this.host.after(delayMs * usPerMs, 'timer', what, run)
  }

  protected pause(delayMs: number): Promise<void> {
    return new Promise((resolve) =>
      this.later(delayMs, 'goes on', () => {
        this.parts.turns.begin()
        resolve()
      }),
    )
  }
}
