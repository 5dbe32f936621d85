/**
 * Who is there, in kazoo's layouts: members are counted by their nodes, so that one identifier may be there several times.
 *
 * - Party: `<uuid>__party__`, with the identifier as the value.
 * - ShallowParty: `<uuid>-<identifier>`; a single call lists all.
 */
import { type CallOptions, childPath } from '@quorate/client/core'
import { cache, type Cache } from '../cache/cache.ts'
import { type AnyZooKeeper, bytesClient } from '../foundation/bytes-client.ts'
import { nameOf } from '../foundation/container.ts'
import { randomUuid } from '../foundation/uuid.ts'
import { type PersistentNode, persistentNode } from '../node/persistent-node.ts'

export interface PartyOptions {
  /** Keep identifiers in the names of nodes, which must then be names. Default false. */
  readonly shallow?: boolean
}

/** Watches a party; {@link Party.join} makes one a member of it. */
export function party(zk: AnyZooKeeper, path: string, options: PartyOptions = {}): Party {
  return new Party(zk, path, options.shallow ?? false)
}

const partyMark = '__party__'

export class Party implements AsyncIterable<readonly string[]>, AsyncDisposable {
  readonly path: string
  readonly #zk: AnyZooKeeper
  readonly #isShallow: boolean
  readonly #cache: Cache<string>
  readonly #nodes = new Set<PersistentNode<string>>()

  constructor(zk: AnyZooKeeper, path: string, isShallow: boolean) {
    this.path = path
    this.#zk = zk
    this.#isShallow = isShallow
    this.#cache = cache(zk, path, { scope: 'children' })
  }

  /** Resolves when the members are known. */
  ready(options: CallOptions = {}): Promise<void> {
    return this.#cache.ready(options)
  }

  /** The identifiers, in no particular order; one for each member. */
  get members(): readonly string[] {
    const members: string[] = []
    for (const { path, value } of this.#cache.nodes()) {
      const identifier = path === this.path ? undefined : this.#identifierOf(nameOf(path), value)
      if (identifier !== undefined) members.push(identifier)
    }
    return members
  }

  /** The members of this moment, as the ensemble has them. */
  async sync(options: CallOptions = {}): Promise<readonly string[]> {
    await this.#cache.sync(options)
    return this.members
  }

  /** Joins the party until the member is closed. Resolves when the others can see it. */
  async join(identifier: string, options: CallOptions = {}): Promise<PersistentNode<string>> {
    const uuid = randomUuid(bytesClient(this.#zk).world.random).replaceAll('-', '')
    const name = this.#isShallow ? `${uuid}-${identifier}` : uuid + partyMark
    const node = persistentNode(this.#zk, childPath(this.path, name), identifier)
    this.#nodes.add(node)
    try {
      await node.ready(options)
    } catch (error) {
      this.#nodes.delete(node)
      // Nobody waits for this: without a connection it goes on until the session is over.
      node.close().catch(() => {})
      throw error
    }
    return node
  }

  /** The members as they are, and again whenever that has changed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly string[], undefined, undefined> {
    await this.ready()
    const changes = this.#cache.changes()
    yield this.members
    for await (const change of changes) if (change.path !== this.path) yield this.members
    return undefined
  }

  /** Leaves the party, for all that joined here. */
  async close(): Promise<void> {
    await Promise.all([...this.#nodes].map((node) => node.close()))
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #identifierOf(name: string, value: string): string | undefined {
    if (!this.#isShallow) return name.includes(partyMark) ? value : undefined
    return name.slice(name.indexOf('-') + 1)
  }
}
