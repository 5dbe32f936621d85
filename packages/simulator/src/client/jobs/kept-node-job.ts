/**
 * Keeps a node by a recipe for that: opens it, writes it, gives it up and opens it again. Now and then it deletes the node, as
 * somebody else might.
 */
import { type SessionId, ZooKeeperError } from '@quorate/client/core'
import { persistentNode, persistentTtlNode } from '@quorate/recipes'
import {
  type JobParts,
  type MemberJob,
  memberRoot,
  type Rest,
  sessionOf,
  waitMostMs,
} from './member-job.ts'

interface Deadline {
  readonly deadlineMs: number
}

/** What all recipes that keep a node can do. */
export interface KeptNode {
  ready(options: Deadline): Promise<void>
  set(value: string, options: Deadline): Promise<void>
  close(): Promise<void>
}

export interface KeptNodeSettings {
  readonly path: string
  readonly isEphemeral: boolean
  /** What the node holds for a value. */
  readonly dataOf: (value: string) => string
  /** A promise is one for the node that is there already. Rejected, it says that none stays behind. */
  readonly open: (value: string, options: Deadline) => KeptNode | Promise<KeptNode>
}

const closeChance = 0.15
const removalChance = 0.1
const ttlMs = 1_500

class KeptNodeJob implements MemberJob {
  readonly #parts: JobParts
  readonly #settings: KeptNodeSettings
  #kept: KeptNode | undefined
  #valueCount = 0

  constructor(parts: JobParts, settings: KeptNodeSettings) {
    this.#parts = parts
    this.#settings = settings
    parts.loop(() => this.#stepOrEnd())
  }

  rest(): Rest {
    return {}
  }

  /** Servers may be configured to have no ephemeral nodes of sessions that they don't share: such a node is given up. */
  async #stepOrEnd(): Promise<void> {
    try {
      await this.#step()
    } catch (error) {
      if (isRefused(error) && this.#kept !== undefined) await this.#close(this.#kept)
      throw error
    }
  }

  async #step(): Promise<void> {
    const { random, zk } = this.#parts
    const kept = this.#kept
    if (kept === undefined) await this.#open()
    else if (random.chance(closeChance)) await this.#close(kept)
    else if (random.chance(removalChance)) await zk.delete(this.#settings.path)
    else await this.#set(kept)
  }

  async #open(): Promise<void> {
    const value = this.#newValue()
    this.#wants(value)
    const deadline = this.#deadline()
    try {
      this.#kept = await this.#settings.open(value, deadline)
    } catch (error) {
      this.#left(undefined)
      throw error
    }
    await this.#kept.ready(deadline)
    this.#holds(value)
  }

  async #set(kept: KeptNode): Promise<void> {
    const value = this.#newValue()
    this.#wants(value)
    await kept.set(value, this.#deadline())
    this.#holds(value)
  }

  async #close(kept: KeptNode): Promise<void> {
    const { client, observe } = this.#parts
    const session = sessionOf(this.#parts)
    observe({ type: 'nodeLeaving', client, path: this.#settings.path })
    this.#kept = undefined
    await kept.close()
    this.#left(session)
  }

  /** @param session in which the node has gone; undefined: in none that is known, or it goes later */
  #left(session: SessionId | undefined): void {
    const { client, observe } = this.#parts
    const isSame = session === sessionOf(this.#parts)
    const { path } = this.#settings
    observe({ type: 'nodeLeft', client, path, session: isSame ? session : undefined })
  }

  #deadline(): Deadline {
    return { deadlineMs: 1 + this.#parts.random.below(waitMostMs) }
  }

  /** No two values are equal. */
  #newValue(): string {
    const { client, nowMs } = this.#parts
    return `${client}-${nowMs()}-${++this.#valueCount}`
  }

  #wants(value: string): void {
    const { client, observe } = this.#parts
    const { path, isEphemeral, dataOf } = this.#settings
    observe({ type: 'nodeWanted', client, path, value: dataOf(value), isEphemeral })
  }

  #holds(value: string): void {
    const { client, observe, zk } = this.#parts
    const { path, dataOf } = this.#settings
    observe({ type: 'nodeHeld', client, path, value: dataOf(value), zxid: zk.lastZxid })
  }
}

/** Whether servers have no ephemeral nodes for this session, and never will. */
export function isRefused(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'EphemeralOnLocalSession'
}

export function keepNode(parts: JobParts, settings: KeptNodeSettings): MemberJob {
  return new KeptNodeJob(parts, settings)
}

export function keepPersistentNode(parts: JobParts): MemberJob {
  const path = `${memberRoot}/persistent/${parts.client}`
  const open = (value: string): KeptNode => persistentNode(parts.zk, path, value)
  return new KeptNodeJob(parts, { path, isEphemeral: true, dataOf: (value) => value, open })
}

export function keepTtlNode(parts: JobParts): MemberJob {
  const path = `${memberRoot}/ttl/${parts.client}`
  const open = (value: string): KeptNode => persistentTtlNode(parts.zk, path, value, { ttlMs })
  return new KeptNodeJob(parts, { path, isEphemeral: false, dataOf: (value) => value, open })
}
