/**
 * An ephemeral node that is kept: put back when it was deleted, and when a new session takes the place of a lost one
 * (Curator's PersistentNode).
 *
 * 1. There is one such node at most: it is created again only when it is known to be gone.
 * 2. A node of an earlier session of this client is replaced at once. One of somebody else is left alone, and waited for.
 * 3. After {@link PersistentNode.close} nothing is created any more, and what was is gone, or goes with its session.
 */
import {
  type Acl,
  type CallOptions,
  type CodecChoice,
  type SessionId,
  type Stat,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from '@quorate/client/core'
import { type AbortSource, abortSource } from '../foundation/abort-source.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { encodeValue } from '../foundation/coded-value.ts'
import { Condition } from '../foundation/condition.ts'
import { ensureContainer, parentOf } from '../foundation/container.ts'
import { onDeleted, untilDeleted } from '../foundation/deletion-watches.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'
import { removeNodeIf } from '../foundation/removal.ts'
import { sessionOf } from '../foundation/session-identity.ts'

export interface PersistentNodeOptions<C extends CodecChoice> {
  /** Of the value. Default 'utf8'. */
  readonly codec?: C
  /** Default: everybody may do everything. */
  readonly acl?: readonly Acl[]
}

/**
 * Creates the node, and its parents as containers, and keeps it until it is closed.
 * @throws ZooKeeperError InvalidValue
 */
export function persistentNode<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  value: ValueOf<C>,
  options: PersistentNodeOptions<C> = {},
): PersistentNode<ValueOf<C>> {
  const client = bytesClient(zk)
  const codec = valueCodecOf(options.codec ?? 'utf8', client.world.platform)
  const { acl } = options
  return new PersistentNode(client, path, value, {
    codec: codec as ValueCodec<ValueOf<C>>,
    mode: { ephemeral: true, ...(acl === undefined ? {} : { acl }) },
  })
}

export interface KeptNodeSettings<V> {
  readonly codec: ValueCodec<V>
  readonly mode: {
    readonly ephemeral?: boolean
    readonly container?: boolean
    readonly acl?: readonly Acl[]
  }
  /** What is created together with the node, or not at all. Default: nothing. */
  readonly with?: { readonly path: string; readonly ttlMs: number }
}

export class PersistentNode<V> implements AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #settings: KeptNodeSettings<V>
  readonly #condition: Condition
  readonly #closing: AbortSource = abortSource()
  readonly #keeping: Promise<void>
  /** Sessions of this client that a node found there may be of. */
  readonly #sessions = new Set<SessionId>()
  #bytes: Uint8Array | null
  /** What the node holds by all that is known, while it is there. */
  #written: Uint8Array | null | undefined
  #owner: SessionId | undefined
  #mayBeOurs = false
  #wake = (): void => {}
  #closed: Promise<void> | undefined

  constructor(zk: BytesClient, path: string, value: V, settings: KeptNodeSettings<V>) {
    this.path = path
    this.#zk = zk
    this.#settings = settings
    this.#condition = new Condition(zk.world.clock, path)
    this.#bytes = this.#encode(value)
    this.#keeping = this.#keep()
  }

  /** Whether the node is there by all that is known. */
  get isThere(): boolean {
    return this.#written !== undefined
  }

  /** Resolves when the node is there. @throws ZooKeeperError when it cannot be created */
  ready(options: CallOptions = {}): Promise<void> {
    return this.#condition.until(() => this.isThere, 'ready', options)
  }

  /** Resolves when the node holds the value. @throws ZooKeeperError InvalidValue, or why it cannot be written */
  async set(value: V, options: CallOptions = {}): Promise<void> {
    this.#bytes = this.#encode(value)
    this.#wake()
    await this.#condition.until(() => this.isThere && this.#bytes === this.#written, 'set', options)
  }

  /** Resolves when the node is gone, or goes with its session. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#keeping
    // An answer that was lost may have been that of our create: only the servers know whether there is a node of ours.
    if (this.#mayBeOurs && !this.#isEnded)
      await removeNodeIf(this.#zk, this.path, (stat) => this.#isOurs(stat))
  }

  #encode(value: V): Uint8Array | null {
    return encodeValue(this.#settings.codec, this.path, value)
  }

  get #isEnded(): boolean {
    return this.#zk.state === 'expired' || this.#zk.state === 'closed'
  }

  #isOurs(stat: Stat): boolean {
    return !this.#settings.mode.ephemeral || ownerOf(stat) === sessionOf(this.#zk)
  }

  async #keep(): Promise<void> {
    const { clock } = this.#zk.world
    const subject = { op: 'keep', path: this.path }
    using limit = new Limit(clock, { signal: this.#closing.signal }, subject)
    while (!limit.isOver) {
      try {
        await this.#put(limit)
        this.#condition.check()
        await this.#untilAmiss(limit)
      } catch (error) {
        if (limit.isOver) break
        const isLost = codeOf(error) === 'SessionExpired'
        if (this.#isEnded || !(isLost || isPassing(error))) {
          this.#written = undefined
          this.#condition.fail(error)
          return
        }
        await limit.pause(retryAfterMs * (1 + this.#zk.world.random.next())).catch(() => {})
      }
    }
    this.#written = undefined
    this.#condition.fail(limit.errorOf(undefined))
  }

  /** Resolves when the node is there with our value. */
  async #put(limit: Limit): Promise<void> {
    for (;;) {
      const bytes = this.#bytes
      try {
        // What a lost answer leaves in doubt is found as ours by the next attempt.
        this.#mayBeOurs = true
        await this.#create(bytes, limit)
        this.#written = bytes
        return
      } catch (error) {
        if (limit.isOver) throw error
        const code = codeOf(error)
        if (code === 'NoNode') await ensureContainer(this.#zk, parentOf(this.path), limit)
        else if (code !== 'NodeExists') throw error
        else if (await this.#takeOver(bytes, limit)) return
      }
    }
  }

  async #create(bytes: Uint8Array | null, limit: Limit): Promise<void> {
    const { mode, with: other } = this.#settings
    if (other === undefined) {
      const { stat } = await this.#zk.createWithStat(this.path, bytes, { ...mode, ...limit.call })
      this.#own(stat)
      return
    }
    const { path, ttlMs: ttl } = other
    const both = this.#zk.transaction().create(this.path, bytes, mode).create(path, null, { ttl })
    await both.commit(limit.call)
  }

  /** Whether the node that is there is ours, and holds the value now. */
  async #takeOver(bytes: Uint8Array | null, limit: Limit): Promise<boolean> {
    try {
      const stat = await this.#zk.exists(this.path, limit.call)
      if (stat === null) return false
      const owner = ownerOf(stat)
      this.#mayBeOurs = this.#isOurs(stat)
      if (this.#mayBeOurs) {
        this.#own(stat)
        if (this.#written !== bytes) await this.#zk.set(this.path, bytes, limit.call)
        this.#written = bytes
        return true
      }
      if (this.#sessions.has(owner)) await this.#zk.delete(this.path, limit.call)
      else await untilDeleted(this.#zk, this.path, limit)
    } catch (error) {
      if (limit.isOver || codeOf(error) !== 'NoNode') throw error
    }
    return false
  }

  #own(stat: Stat): void {
    this.#owner = ownerOf(stat)
    this.#sessions.add(this.#owner)
  }

  async #untilAmiss(limit: Limit): Promise<void> {
    if (this.#bytes !== this.#written) return
    await limit.wait((wake, fail) => {
      const lost = (): void => {
        this.#written = undefined
        wake()
      }
      const stops = [
        onDeleted(this.#zk, this.path, { deleted: lost, failed: fail }),
        this.#zk.on('state', ({ state }) => {
          const isEnd = state === 'expired' || state === 'closed'
          const isOther = state === 'connected' && sessionOf(this.#zk) !== this.#owner
          if (isEnd || (isOther && this.#settings.mode.ephemeral)) lost()
        }),
      ]
      this.#wake = wake
      return () => {
        this.#wake = (): void => {}
        for (const stop of stops) stop()
      }
    })
  }
}

const retryAfterMs = 100

/** Unsigned, as session ids are compared here. */
function ownerOf({ ephemeralOwner }: Stat): SessionId {
  return BigInt.asUintN(64, ephemeralOwner) as SessionId
}
