/**
 * A node that outlives the session of who keeps it, but not by long (Curator's PersistentTtlNode): a container with a
 * child of limited life, which is touched as long as this process lives. When nobody touches the child any more, the
 * servers take it away, and the container with its last child.
 *
 * 1. The container never stands without having had a child, as servers keep such a one for ever: both are created together.
 */
import {
  type CallOptions,
  childPath,
  type CodecChoice,
  type ValueCodec,
  valueCodecOf,
  type ValueOf,
} from '@quorate/client/core'
import { type AbortSource, abortSource } from '../foundation/abort-source.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing } from '../foundation/outcome.ts'
import { removeNode } from '../foundation/removal.ts'
import { PersistentNode, type PersistentNodeOptions } from './persistent-node.ts'

export interface PersistentTtlNodeOptions<C extends CodecChoice> extends PersistentNodeOptions<C> {
  /** How long the node stays, in ms, when nobody keeps it. */
  readonly ttlMs: number
}

/** Curator's name for the child. */
const touchedName = 'touch'

/** Needs servers with TTL nodes switched on: ours have, Apache's need `extendedTypesEnabled`. */
export function persistentTtlNode<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  value: ValueOf<C>,
  options: PersistentTtlNodeOptions<C>,
): PersistentTtlNode<ValueOf<C>> {
  const client = bytesClient(zk)
  const codec = valueCodecOf(options.codec ?? 'utf8', client.world.platform)
  const acl = options.acl === undefined ? {} : { acl: options.acl }
  const node = new PersistentNode(client, path, value, {
    codec: codec as ValueCodec<ValueOf<C>>,
    mode: { container: true, ...acl },
    with: { path: childPath(path, touchedName), ttlMs: options.ttlMs },
  })
  return new PersistentTtlNode(client, node, options.ttlMs)
}

export class PersistentTtlNode<V> implements AsyncDisposable {
  readonly path: string
  readonly #zk: BytesClient
  readonly #node: PersistentNode<V>
  readonly #child: string
  readonly #ttlMs: number
  readonly #closing: AbortSource = abortSource()
  readonly #touching: Promise<void>

  constructor(zk: BytesClient, node: PersistentNode<V>, ttlMs: number) {
    this.path = node.path
    this.#zk = zk
    this.#node = node
    this.#child = childPath(node.path, touchedName)
    this.#ttlMs = ttlMs
    this.#touching = this.#touch()
  }

  get isThere(): boolean {
    return this.#node.isThere
  }

  /** Resolves when the node is there. */
  ready(options: CallOptions = {}): Promise<void> {
    return this.#node.ready(options)
  }

  /** Resolves when the node holds the value. */
  set(value: V, options: CallOptions = {}): Promise<void> {
    return this.#node.set(value, options)
  }

  /** Resolves when the node is gone. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#touching
    await removeNode(this.#zk, this.#child)
    await this.#node.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #touch(): Promise<void> {
    const { clock } = this.#zk.world
    const subject = { op: 'touch', path: this.path }
    using limit = new Limit(clock, { signal: this.#closing.signal }, subject)
    try {
      for (;;) {
        await this.#node.ready(limit.call)
        const isTouched = await this.#touchOnce(limit)
        // Twice in its life, as Curator does: one late touch does no harm.
        await limit.pause(isTouched ? this.#ttlMs / 2 : Math.min(retryAfterMs, this.#ttlMs / 4))
      }
    } catch {
      // The node's own failure is told by ready().
    }
  }

  /** @returns false for another attempt */
  async #touchOnce(limit: Limit): Promise<boolean> {
    try {
      await this.#zk.set(this.#child, null, limit.call)
      return true
    } catch (error) {
      if (codeOf(error) === 'NoNode') return await this.#createChild(limit)
      return this.#orEnd(error, limit)
    }
  }

  async #createChild(limit: Limit): Promise<boolean> {
    try {
      await this.#zk.create(this.#child, null, { ttl: this.#ttlMs, ...limit.call })
      return true
    } catch (error) {
      if (codeOf(error) === 'NoNode' || codeOf(error) === 'NodeExists') return false
      return this.#orEnd(error, limit)
    }
  }

  /** The session that a touch was made in may be over, and another follow it. */
  #orEnd(error: unknown, limit: Limit): false {
    const isFollowed =
      codeOf(error) === 'SessionExpired' &&
      this.#zk.state !== 'expired' &&
      this.#zk.state !== 'closed'
    if (limit.isOver || !(isFollowed || isPassing(error))) throw error
    return false
  }
}

/** Touches that fail are made again. */
const retryAfterMs = 100
