/**
 * A process that uses the real client library, as an application would: it calls methods, goes on behind their promises, watches, and
 * makes a new client when a session is lost. Its sockets are tapped ({@link ConnectionTap}), so that checkers see of it what they see
 * of a client of the simulator's own; what the library tells its caller is told too, for {@link ClientPromises} to compare.
 *
 * 1. Calls are made whether there is a connection or not: to wait for one is the library's affair.
 * 2. It judges nothing.
 */
import { type Change, type StateChange, ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import { ErrorCode, EventType } from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { PromiseTurns } from '../promise-turns.ts'
import type { Workload } from '../workload/workload.ts'
import { usPerMs, type World } from '../world.ts'
import { answerOf, callMethod, errOf, failureOf, shownOf } from './client-call.ts'
import type { ClientProcess, ClientSettings } from './client-process.ts'
import { createClientWorld } from './client-world.ts'
import type { ConnectionTap } from './connection-tap.ts'
import { isLinearizable, type Operation } from './operation.ts'

export interface RealClientParts {
  readonly world: World
  readonly network: Network
  readonly settings: ClientSettings
  readonly workload: Workload
  readonly turns: PromiseTurns
}

/** The port is part of the address, and nothing to the simulated network. */
const port = 2181
/** Of calls that have a deadline. */
const deadlineMostMs = 1_500
const deadlineChance = 0.15
/** Before a lost session is followed by another. */
const mournMostMs = 300

export class RealClient implements ClientProcess {
  readonly host: Host
  isResting = false
  readonly #parts: RealClientParts
  readonly #random: Prng
  #zk: ZooKeeper | undefined
  #tap: ConnectionTap | undefined
  #callCount = 0
  #openCount = 0
  #isStopping = false

  constructor(host: Host, parts: RealClientParts) {
    this.host = host
    this.#parts = parts
    this.#random = parts.world.random.fork(`real client ${host.name}`)
  }

  get isIdle(): boolean {
    return this.#openCount === 0
  }

  start(): void {
    this.host.powerOn()
    this.#later(this.#random.below(50), 'opens a client', () => this.#open())
    this.#think()
  }

  stop(): void {
    this.#isStopping = true
  }

  kill(losesPower: boolean): void {
    if (this.#zk !== undefined)
      this.#parts.world.observe({ type: 'clientEnded', client: this.host.name })
    this.#tap?.closed()
    this.#parts.network.processEnded(this.host, losesPower)
    this.host.endProcess(losesPower)
    this.#zk = undefined
    this.#tap = undefined
    this.#openCount = 0
  }

  #open(): void {
    const { host } = this
    const { network, turns, settings, world } = this.#parts
    const { sessionTimeoutMs: timeout, acceptsReadOnly: readOnly } = settings
    turns.begin()
    world.observe({
      type: 'clientOpened',
      client: host.name,
      servers: settings.servers,
      timeoutMs: timeout,
    })
    const clientWorld = createClientWorld({
      host,
      network,
      turns,
      random: this.#random,
      observe: (observation) => world.observe(observation),
      tapped: (tap) => (this.#tap = tap),
    })
    const servers = settings.servers.map((server) => `${server}:${port}`).join(',')
    const zk = new ZooKeeper(servers, { timeout, readOnly }, clientWorld)
    this.#zk = zk
    zk.on(
      'change',
      this.#guarded(zk, (change: Change) => this.#changeTold(change, undefined)),
    )
    zk.on(
      'state',
      this.#guarded(zk, (change: StateChange) => this.#stateTold(change)),
    )
    zk.connect()
  }

  #changeTold({ type, path, zxid }: Change, call: number | undefined): void {
    const event = EventType[type]
    this.#parts.world.observe({
      type: 'changeTold',
      client: this.host.name,
      call,
      event,
      path,
      zxid,
    })
  }

  #stateTold({ state }: StateChange): void {
    this.host.note(`is told that its session is ${state}`)
    this.#parts.world.observe({ type: 'stateTold', client: this.host.name, state })
    if (state !== 'expired' && state !== 'closed') return
    this.#zk = undefined
    this.#later(this.#random.below(mournMostMs), 'opens another client', () => this.#open())
  }

  #think(): void {
    const { burstChance, thinkMostMs } = this.#parts.settings
    const delayMs = this.#random.chance(burstChance) ? 0 : this.#random.below(thinkMostMs)
    this.#later(delayMs, 'thinks', () => {
      if (this.#isStopping) return
      this.#ask()
      this.#think()
    })
  }

  #ask(): void {
    const zk = this.#zk
    const { settings, workload } = this.#parts
    if (zk === undefined || this.isResting || this.#openCount >= settings.depthMax) return
    const operation = workload.next(this.host.name)
    if (operation !== undefined) this.#call(zk, operation)
  }

  #call(zk: ZooKeeper, asked: Operation): void {
    const { world, turns, workload } = this.#parts
    const client = this.host.name
    const call = ++this.#callCount
    const operation = isLinearizable(asked)
      ? ({ ...asked, isLinearizable: false } as Operation)
      : asked
    const isClose = operation.type === 'closeSession'
    const deadlineMs =
      !isClose && this.#random.chance(deadlineChance)
        ? this.#random.between(1, deadlineMostMs)
        : undefined
    world.observe({ type: 'called', client, call, operation, deadlineMs })
    turns.begin()
    this.#openCount++
    const returned = (code: string, applied: 'no' | 'unknown', value: unknown): void => {
      this.#openCount--
      this.host.note('call % returns %', call, code)
      world.observe({ type: 'returned', client, call, code, applied, value })
    }
    const wish = {
      deadlineMs,
      wantsStat: this.#random.chance(0.5),
      listener: this.#guarded(zk, (change: Change) => this.#changeTold(change, call)),
    }
    void callMethod(zk, operation, wish).then(
      this.#guarded(undefined, (value: unknown) => {
        returned('Ok', 'no', shownOf(operation, value))
        workload.answered(asked, ErrorCode.Ok, answerOf(operation, value))
      }),
      this.#guarded(undefined, (error: unknown) => {
        if (!(error instanceof ZooKeeperError)) throw error
        returned(error.code, error.applied, undefined)
        const err = errOf(error)
        if (err !== undefined) workload.answered(asked, err, failureOf(error, err))
      }),
    )
  }

  /** What promises and listeners of an earlier life, or of a client that was given up, say reaches nobody. */
  #guarded<A extends readonly unknown[]>(
    zk: ZooKeeper | undefined,
    job: (...args: A) => void,
  ): (...args: A) => void {
    const { life } = this.host
    return this.#parts.turns.guarded((...args: A) => {
      if (life !== this.host.life) return
      if (zk === undefined || zk === this.#zk) job(...args)
    })
  }

  #later(delayMs: number, what: string, run: () => void): void {
    this.host.after(delayMs * usPerMs, 'timer', what, run)
  }
}
