/**
 * Who is there (Curator's GroupMember): each member has an ephemeral node below the group's, named by its id, with what it
 * has to say as the value. A member that is gone is seen to be gone when its session has expired.
 */
import { type CallOptions, childPath, type CodecChoice, type ValueOf } from '@quorate/client/core'
import { cache, type Cache } from '../cache/cache.ts'
import type { CacheChange } from '../cache/cache-change.ts'
import type { AnyZooKeeper } from '../foundation/bytes-client.ts'
import { nameOf } from '../foundation/container.ts'
import { type PersistentNode, persistentNode } from '../node/persistent-node.ts'

export interface GroupOptions<C extends CodecChoice> {
  /** Of what members say. Default 'utf8'. */
  readonly codec?: C
}

/** Watches a group without being in it. */
export function group<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  { codec }: GroupOptions<C> = {},
): Group<ValueOf<C>> {
  return new Group(cache(zk, path, { scope: 'children', codec: codec ?? ('utf8' as C) }))
}

/** Joins a group as `id`, which nobody else may have. */
export function groupMember<C extends CodecChoice = 'utf8'>(
  zk: AnyZooKeeper,
  path: string,
  { id, value, codec }: { readonly id: string; readonly value: ValueOf<C> } & GroupOptions<C>,
): GroupMember<ValueOf<C>> {
  const choice = codec ?? ('utf8' as C)
  const node = persistentNode(zk, childPath(path, id), value, { codec: choice })
  return new GroupMember(id, node, cache(zk, path, { scope: 'children', codec: choice }))
}

/** The members of a group as they are seen from here. */
export class Group<V> implements AsyncIterable<ReadonlyMap<string, V>>, AsyncDisposable {
  readonly path: string
  readonly #cache: Cache<V>

  constructor(members: Cache<V>) {
    this.path = members.path
    this.#cache = members
  }

  /** Resolves when the members are known. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#cache.ready(options)
  }

  /** What each member says, by its id. */
  get members(): ReadonlyMap<string, V> {
    const members = new Map<string, V>()
    for (const { path, value } of this.#cache.nodes())
      if (path !== this.path) members.set(nameOf(path), value)
    return members
  }

  /** The members of this moment, as the ensemble has them. */
  async sync(options: CallOptions = {}): Promise<ReadonlyMap<string, V>> {
    await this.#cache.sync(options)
    return this.members
  }

  /** Each member that comes, goes, or says something else. */
  changes(): AsyncIterableIterator<CacheChange<V>, undefined, undefined> {
    return this.#cache.changes()
  }

  /** The members as they are, and again whenever that has changed; a slow reader gets the last state. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReadonlyMap<string, V>, undefined, undefined> {
    await this.ready()
    const changes = this.changes()
    yield this.members
    for await (const change of changes) if (change.path !== this.path) yield this.members
    return undefined
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

export class GroupMember<V> extends Group<V> {
  readonly id: string
  readonly #node: PersistentNode<V>

  constructor(id: string, node: PersistentNode<V>, members: Cache<V>) {
    super(members)
    this.id = id
    this.#node = node
  }

  /** Whether the others see this member, by all that is known. */
  get isIn(): boolean {
    return this.#node.isThere
  }

  /** Resolves when this member is in, and knows the others. */
  override async ready(options: CallOptions = {}): Promise<void> {
    await Promise.all([this.#node.ready(options), super.ready(options)])
  }

  /** Says something else. */
  set(value: V, options: CallOptions = {}): Promise<void> {
    return this.#node.set(value, options)
  }

  /** Leaves the group. */
  override async close(): Promise<void> {
    await this.#node.close()
    await super.close()
  }
}
