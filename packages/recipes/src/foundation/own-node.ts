/**
 * An ephemeral node that stands for this process, such as its place in the line for a lock, watched so that its loss is
 * noticed.
 *
 * 1. `lost` is aborted when the node was deleted by somebody, and when its session is over. It is not when the node is
 *    given back by {@link OwnNode.remove}.
 * 2. Once held ({@link OwnNode.hold}), `lost` is aborted as well when the session's timeout has passed since the latest
 *    request went out that a server has answered: the servers may have expired the session by then, and somebody else may
 *    hold what the node stood for. Answers that waited for this process while it stood still don't change that.
 * 3. A removed node is gone before the promise is settled, or goes with its session.
 */
import type { Alarm, SessionId, Zxid } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'
import { type AbortSource, abortSource, type Signal } from './abort-source.ts'
import { onDeleted } from './deletion-watches.ts'
import type { Limit } from './limit.ts'
import { isSessionOver } from './outcome.ts'
import { type CreatedNode, protectedCreate, type ProtectedNode } from './protected-create.ts'
import { RecipeError } from './recipe-error.ts'
import { removeNode } from './removal.ts'
import { sessionOf } from './session-identity.ts'

/** How soon `lost` is told without a server to ask: see invariant 2. `session` waits until the session is surely over. */
export type LossPolicy = 'lease' | 'session'

export class OwnNode {
  readonly zk: BytesClient
  readonly path: string
  readonly name: string
  /** The transaction that created the node: greater than that of every node that was there before. */
  readonly czxid: Zxid
  readonly #owner: SessionId
  readonly #lost: AbortSource = abortSource()
  readonly #releases: (() => void)[] = []
  #alarm: Alarm | undefined
  #removal: Promise<void> | undefined

  constructor(zk: BytesClient, { path, name, czxid, owner }: CreatedNode) {
    this.zk = zk
    this.path = path
    this.name = name
    this.czxid = czxid
    this.#owner = owner
    this.#releases.push(
      onDeleted(zk, path, {
        deleted: () => this.#lose('it was deleted'),
        failed: (error) => {
          const why = isSessionOver(error) ? 'its session is over' : 'it could not be watched'
          this.#lose(why, error)
        },
      }),
      zk.on('state', ({ state, cause }) => {
        if (state === 'expired') this.#lose('its session has expired', cause)
        else if (state === 'closed') this.#lose('its session was closed', cause)
        else if (state === 'connected' && sessionOf(zk) !== owner)
          this.#lose('its session has expired')
      }),
    )
  }

  /** @throws ZooKeeperError, or the limit's error; no node is left behind then */
  static async create(zk: BytesClient, node: ProtectedNode, limit: Limit): Promise<OwnNode> {
    return new OwnNode(zk, await protectedCreate(zk, node, limit))
  }

  /** Aborted with a RecipeError LockLost as its reason. */
  get lost(): Signal {
    return this.#lost.signal
  }

  /** Whether `remove` was called. */
  get isRemoved(): boolean {
    return this.#removal !== undefined
  }

  /** Whether, by all that is known here, the node stands. */
  get isHeld(): boolean {
    this.#checkLease()
    return !this.isRemoved && !this.lost.aborted
  }

  /** @throws RecipeError LockLost or Released */
  check(): void {
    this.#checkLease()
    if (this.lost.aborted) throw this.lost.reason
    if (this.isRemoved) throw releasedError(this.path)
  }

  /** From now on the node is what something is held by. */
  hold(policy: LossPolicy = 'lease'): void {
    if (policy === 'lease') this.#watchLease()
  }

  /** Deletes the node; the same promise for every call. */
  remove(): Promise<void> {
    this.#removal ??= this.#remove()
    return this.#removal
  }

  /** From now on somebody else deletes the node, in a transaction with what else has to go: it is no longer watched. */
  handOver(): void {
    this.#removal ??= Promise.resolve()
    this.#stop()
  }

  /** Deletes the node without anybody waiting for it. What may not be deleted goes with the session. */
  abandon(): void {
    this.remove().catch(() => {})
  }

  async #remove(): Promise<void> {
    this.#stop()
    if (sessionOf(this.zk) === this.#owner) await removeNode(this.zk, this.path)
  }

  #watchLease(): void {
    if (this.lost.aborted || this.isRemoved) return
    const { clock } = this.zk.world
    const leftMs = Math.max(0, this.#leaseEndMs() - clock.nowMs())
    this.#alarm = clock.wakeAfter(leftMs, () => {
      this.#checkLease()
      this.#watchLease()
    })
  }

  #checkLease(): void {
    if (this.#alarm === undefined || this.zk.world.clock.nowMs() < this.#leaseEndMs()) return
    this.#lose(
      `no server has answered anything of the last ${this.zk.timeout} ms, the timeout of its session`,
    )
  }

  #leaseEndMs(): number {
    return this.zk.confirmedAtMs + this.zk.timeout
  }

  #lose(why: string, cause?: unknown): void {
    if (this.isRemoved || this.lost.aborted) return
    this.#stop()
    const message = `${this.path} is no longer held: ${why}. Stop what it protects, and acquire it again.`
    this.#lost.abort(new RecipeError('LockLost', { path: this.path, message, cause }))
  }

  #stop(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    for (const release of this.#releases.splice(0)) release()
  }
}

export function releasedError(path: string): RecipeError {
  return new RecipeError('Released', { path, message: `${path} was released. Acquire it again.` })
}
