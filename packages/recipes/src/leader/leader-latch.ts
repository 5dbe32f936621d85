/**
 * One leader among those who take part, from when it is elected until it leaves, fails or is cut off.
 *
 * 1. At most one is elected at a time, in the order in which they came. One that was cut off may take itself for the
 *    leader for a moment more (how long says `lossPolicy`): so what a leader writes goes through `leadership.guarded`,
 *    or carries `leadership.token`.
 * 2. Who loses its leadership, or its place in the line, stands at the end of the line again, without being asked.
 * 3. A latch ends by `close`, or with an error when its client can do no more: `states` throws it then.
 *
 * Layout: Curator's LeaderLatch, `_c_<uuid>-latch-NNNNNNNNNN` with the id as data.
 */
import {
  type CallOptions,
  type ClientCodec,
  type ZooKeeper,
  ZooKeeperError,
} from '@quorate/client/core'
import { type AbortSource, abortSource, onAbort } from '../foundation/abort-source.ts'
import { type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Feed } from '../foundation/feed.ts'
import { Limit } from '../foundation/limit.ts'
import { Occasion } from '../foundation/occasion.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'
import type { LossPolicy, OwnNode } from '../foundation/own-node.ts'
import { HeldLock } from '../lock/held-lock.ts'
import { type Contender, contendersOf, type Place, reachFront } from '../lock/line.ts'

export interface LeaderLatchOptions {
  /** Who takes part, for others to read. */
  readonly id?: string
  /** When a leader that is cut off is told so; see `LockOptions`. */
  readonly lossPolicy?: LossPolicy
}

export type LatchState<C extends ClientCodec> =
  | { readonly isLeader: false; readonly leadership?: undefined }
  | {
      readonly isLeader: true
      /** Token, guarded writer, and the signal of its loss. Who releases it goes to the end of the line. */
      readonly leadership: HeldLock<C>
    }

const latchName = 'latch-'
const following = { isLeader: false } as const

export class LeaderLatch<C extends ClientCodec = 'utf8'> implements AsyncDisposable {
  readonly path: string
  readonly #zk: ZooKeeper<C>
  readonly #client: BytesClient
  readonly #options: LeaderLatchOptions
  readonly #closing: AbortSource = abortSource()
  readonly #states = new Feed<LatchState<C>>(following)
  #running: Promise<void> | undefined
  #standing: Promise<void> | undefined
  #node: OwnNode | undefined

  constructor(zk: ZooKeeper<C>, path: string, options: LeaderLatchOptions = {}) {
    this.path = path
    this.#zk = zk
    this.#client = bytesClient(zk)
    this.#options = options
  }

  /** Begins to take part. Resolves when the latch stands in the line. @throws ZooKeeperError what ended it before that */
  async start(): Promise<void> {
    if (this.#running === undefined) {
      const standing = Promise.withResolvers<void>()
      this.#standing = standing.promise
      this.#running = this.#run(standing.resolve)
      this.#running.then(standing.resolve, standing.reject)
    }
    await this.#standing
  }

  /** By all that is known here. Right after a stall of this process, too. */
  get isLeader(): boolean {
    return this.leadership !== undefined
  }

  /** Undefined for one that is not the leader. */
  get leadership(): HeldLock<C> | undefined {
    const { leadership } = this.#states.value
    return leadership?.isHeld ? leadership : undefined
  }

  /** The present state, and each that follows; who reads slowly misses some, but not the latest. Ends with the latch. */
  states(): AsyncGenerator<LatchState<C>, undefined, undefined> {
    return this.#states.values()
  }

  /**
   * Waits to be the leader.
   * @throws ZooKeeperError OperationTimeout or Aborted, or what ended the latch (Closed)
   */
  async untilLeader(options: CallOptions = {}): Promise<HeldLock<C>> {
    using limit = this.#limit('untilLeader', options)
    const states = this.states()
    try {
      for (;;) {
        const { value: state } = await limit.join(states.next())
        if (state === undefined) throw this.#closedError()
        if (state.isLeader && state.leadership.isHeld) return state.leadership
      }
    } finally {
      // Not awaited: a generator ends behind the step that it is at.
      void states.return(undefined)
    }
  }

  /** Everybody in the line: the leader in front. */
  async participants(options: CallOptions = {}): Promise<readonly Contender[]> {
    using limit = this.#limit('participants', options)
    return await contendersOf(this.#client, this.path, [latchName], limit)
  }

  /** The one in front, by the server's account. */
  async leader(options: CallOptions = {}): Promise<Contender | undefined> {
    return (await this.participants(options))[0]
  }

  /** Leaves. Resolves when the latch's node is gone, or will go with the session. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running?.catch(() => {})
    await this.#node?.remove()
    this.#states.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(stood: () => void): Promise<void> {
    using limit = this.#limit('start', { signal: this.#closing.signal })
    const end = await this.#takePart(stood, limit)
    this.#states.publish(following)
    this.#states.end(end)
    if (end !== undefined) throw end
  }

  /** Returns why it ended; undefined for a latch that was closed. */
  async #takePart(stood: () => void, limit: Limit): Promise<unknown> {
    const { clock, random } = this.#client.world
    for (;;) {
      try {
        const node = await reachFront(this.#client, this.#place(stood), limit)
        await this.#lead(node, limit)
      } catch (error) {
        if (limit.isOver) return undefined
        const isOver = this.#client.state === 'expired' || this.#client.state === 'closed'
        if (isOver || !(isPassing(error) || codeOf(error) === 'SessionExpired')) return error
        const delayMs = retryAfterMs * (1 + random.next())
        await new Promise<void>((resolve) => void clock.wakeAfter(delayMs, resolve))
      }
    }
  }

  /** Resolves when the leadership is lost or given up. */
  async #lead(node: OwnNode, limit: Limit): Promise<void> {
    this.#node = node
    node.hold(this.#options.lossPolicy)
    const resigned = new Occasion()
    const leadership = new HeldLock(this.#zk, node, () => {
      resigned.happen()
      return node.remove()
    })
    this.#states.publish({ isLeader: true, leadership })
    try {
      await limit.wait((wake) => {
        const stops = [onAbort(node.lost, wake), resigned.listen(wake)]
        return () => stops.forEach((stop) => stop())
      })
    } finally {
      this.#states.publish(following)
      node.abandon()
    }
  }

  #place(stood: () => void): Place {
    const { id } = this.#options
    const value = id === undefined ? undefined : this.#client.world.platform.utf8Encode(id)
    return {
      parent: this.path,
      name: latchName,
      value,
      kinds: [latchName],
      waitsFor: () => true,
      stood,
    }
  }

  #closedError(): ZooKeeperError {
    const message = `the latch on ${this.path} was closed.`
    return new ZooKeeperError('Closed', { op: 'untilLeader', path: this.path, message })
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#client.world.clock, options, { op, path: this.path })
  }
}

const retryAfterMs = 100
