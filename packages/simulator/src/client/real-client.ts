/**
 * A process that uses the real client library, as an application would: it calls methods, goes on behind their promises, watches, and
 * makes a new client when a session is lost. Its sockets are tapped ({@link ConnectionTap}), so that checkers see of it what they see
 * of a client of the simulator's own; what the library tells its caller is told too, for {@link ClientPromises} to compare.
 *
 * 1. Calls are made whether there is a connection or not: to wait for one is the library's affair.
 * 2. It judges nothing.
 */
import { type Change, type StateChange, type ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import { ErrorCode, EventType } from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Workload } from '../workload/workload.ts'
import { AbortByHand } from './abort-by-hand.ts'
import { ApplicationProcess, type ApplicationParts } from './application-process.ts'
import { answerOf, callMethod, errOf, failureOf, shownOf } from './client-call.ts'
import type { Operation } from './operation.ts'

export interface RealClientParts extends ApplicationParts {
  readonly workload: Workload
}

/** Of calls that have a deadline. */
const deadlineMostMs = 1_500
const deadlineChance = 0.15
/** Of calls that the caller gives up, if they take longer. */
const abortMostMs = 1_000
const abortChance = 0.05

export class RealClient extends ApplicationProcess {
  readonly #workload: Workload
  #callCount = 0
  #openCount = 0
  /** Its session is lost, and it still asks what became of its last writes. */
  #lost: ZooKeeper | undefined

  constructor(host: Host, parts: RealClientParts) {
    super(host, parts, 'real client')
    this.#workload = parts.workload
  }

  override get isIdle(): boolean {
    return this.#openCount === 0
  }

  override start(): void {
    super.start()
    this.#think()
  }

  protected override open(): void {
    const { settings, world } = this.parts
    const { servers, sessionTimeoutMs: timeoutMs, acceptsReadOnly: readOnly } = settings
    world.observe({ type: 'clientOpened', client: this.host.name, servers, timeoutMs })
    const zk = this.makeClient({ readOnly })
    zk.on(
      'change',
      this.guarded(zk, (change: Change) => this.#changeTold(change, undefined)),
    )
    zk.on(
      'state',
      this.guarded(zk, (change: StateChange) => this.#stateTold(change)),
    )
    zk.connect()
  }

  protected override dies(): void {
    if (this.zk !== undefined || this.#lost !== undefined)
      this.parts.world.observe({ type: 'clientEnded', client: this.host.name })
    this.#openCount = 0
    this.#lost = undefined
  }

  #changeTold({ type, path, zxid }: Change, call: number | undefined): void {
    const event = EventType[type]
    this.parts.world.observe({
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
    this.parts.world.observe({ type: 'stateTold', client: this.host.name, state })
    if (state === 'closed') this.openAnother()
    if (state !== 'expired') return
    this.#lost = this.zk
    this.zk = undefined
    this.#leaveLost()
  }

  /** One client after the other: checkers know them by the process's name. */
  #leaveLost(): void {
    const lost = this.#lost
    if (lost === undefined || this.#openCount > 0) return
    this.#lost = undefined
    this.parts.turns.begin()
    void lost.close().then(this.guarded(undefined, () => this.openAnother()))
  }

  #think(): void {
    const { burstChance, thinkMostMs } = this.parts.settings
    const delayMs = this.random.chance(burstChance) ? 0 : this.random.below(thinkMostMs)
    this.later(delayMs, 'thinks', () => {
      if (this.isStopping) return
      this.#ask()
      this.#think()
    })
  }

  #ask(): void {
    const zk = this.zk
    const { settings } = this.parts
    if (zk === undefined || this.isResting || this.#openCount >= settings.depthMax) return
    const operation = this.#workload.next(this.host.name)
    if (operation !== undefined) this.#call(zk, operation)
  }

  #call(zk: ZooKeeper, operation: Operation): void {
    const { world, turns } = this.parts
    const client = this.host.name
    const call = ++this.#callCount
    const isClose = operation.type === 'closeSession'
    const deadlineMs =
      !isClose && this.random.chance(deadlineChance)
        ? this.random.between(1, deadlineMostMs)
        : undefined
    const abortMs =
      !isClose && this.random.chance(abortChance) ? this.random.between(1, abortMostMs) : undefined
    world.observe({ type: 'called', client, call, operation, deadlineMs, abortMs })
    turns.begin()
    this.#openCount++
    const returned = (code: string, applied: 'no' | 'unknown', value: unknown): void => {
      this.#openCount--
      this.host.note('call % returns %', call, code)
      world.observe({ type: 'returned', client, call, code, applied, value })
      this.#leaveLost()
    }
    const wish = {
      deadlineMs,
      signal: abortMs === undefined ? undefined : this.#abortsIn(abortMs),
      wantsStat: this.random.chance(0.5),
      listener: this.guarded(zk, (change: Change) => this.#changeTold(change, call)),
    }
    void callMethod(zk, operation, wish).then(
      this.guarded(undefined, (value: unknown) => {
        returned('Ok', 'no', shownOf(operation, value))
        this.#workload.answered(operation, ErrorCode.Ok, answerOf(operation, value))
      }),
      this.guarded(undefined, (error: unknown) => {
        if (!(error instanceof ZooKeeperError)) throw error
        returned(error.code, error.applied, undefined)
        const err = errOf(error)
        if (err !== undefined) this.#workload.answered(operation, err, failureOf(error, err))
      }),
    )
  }

  #abortsIn(delayMs: number): AbortByHand {
    const signal = new AbortByHand()
    this.later(delayMs, 'gives a call up', () => {
      if (!signal.isAwaited) return
      this.parts.turns.begin()
      signal.abort()
    })
    return signal
  }
}
