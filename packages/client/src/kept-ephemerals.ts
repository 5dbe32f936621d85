/**
 * Ephemeral nodes that their owner wants back when a new session takes the place of a lost one. They come back with the
 * value that this client wrote last, unless this client has deleted them or somebody else has the path by then.
 */
import { type Acl, CreateMode, type MultiOp, OpCode, type SessionId } from '@quorate/protocol'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import type { Session } from './session.ts'
import type { World } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** What to create anew. */
export interface KeptNode {
  readonly data: Uint8Array | null
  readonly acl: readonly Acl[]
}

interface KeptEntry extends KeptNode {
  readonly path: NodePath
}

/** A node that could not be put back. */
export interface UnkeptNode {
  readonly path: string
  readonly error: ZooKeeperError
}

export interface Restoration {
  /** The new session. */
  readonly session: Session
  readonly previousSessionId: SessionId
  readonly world: World
}

export class KeptEphemerals {
  readonly #nodesByPath = new Map<string, KeptEntry>()
  #isUsed = false

  /** Keeps the node once it is created. The bytes are taken now, as those of any call. */
  keeping<T>(created: Promise<T>, path: NodePath, { data, acl }: KeptNode): Promise<T> {
    this.#isUsed = true
    const entry = { path, data: data?.slice() ?? null, acl }
    return created.then((result) => {
      this.#nodesByPath.set(path.server, entry)
      return result
    })
  }

  /** Follows changes that this client makes, so that what comes back is what was there last. */
  following<T>(
    changed: Promise<T>,
    changes: () => readonly MultiOp[],
    isDone: (result: T) => boolean = () => true,
  ): Promise<T> {
    if (!this.#isUsed) return changed
    const ops = changes().map((op) =>
      'data' in op ? { ...op, data: op.data?.slice() ?? null } : op,
    )
    return changed.then((result) => {
      if (isDone(result)) for (const op of ops) this.#follow(op)
      return result
    })
  }

  /** Asks for all nodes at once, ahead of the calls that are made after this one. Those that fail are kept no longer. */
  async restore(restoration: Restoration): Promise<readonly UnkeptNode[]> {
    const unkept: UnkeptNode[] = []
    await Promise.all(
      [...this.#nodesByPath.values()].map(async (entry) => {
        const error = await restore(entry, restoration)
        if (error === undefined || isOver(error)) return
        this.#nodesByPath.delete(entry.path.server)
        unkept.push({ path: entry.path.client, error })
      }),
    )
    return unkept
  }

  #follow(op: MultiOp): void {
    const entry = this.#nodesByPath.get(op.path)
    if (entry === undefined) return
    if (op.type === OpCode.setData) this.#nodesByPath.set(op.path, { ...entry, data: op.data })
    else if (op.type === OpCode.delete) this.#nodesByPath.delete(op.path)
  }
}

/** Between tries that a server or this client refused for now. */
const retryPauseMs = 100

async function restore(
  entry: KeptEntry,
  restoration: Restoration,
): Promise<ZooKeeperError | undefined> {
  const { session, world } = restoration
  const create = { data: entry.data, acl: entry.acl, mode: CreateMode.ephemeral, ttl: 0 }
  for (;;) {
    try {
      await session.submit(operations.create(entry.path, create))
      return undefined
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error
      if (error.code !== 'NodeExists' && !error.retryable) return error
      if (error.code === 'NodeExists') {
        const verdict = await replaceOwn(entry.path, create, restoration)
        if (verdict !== 'again') return verdict === 'restored' ? undefined : error
      }
    }
    await new Promise<void>((resolve) => world.clock.wakeAfter(retryPauseMs, resolve))
  }
}

/** The node of the lost session may not have gone yet: it makes room, in one transaction with its successor. */
async function replaceOwn(
  path: NodePath,
  create: operations.CreateArguments,
  { session, previousSessionId }: Restoration,
): Promise<'restored' | 'again' | 'foreign'> {
  try {
    const stat = await session.submit(operations.exists(path, false))
    if (stat === null) return 'again'
    if (stat.ephemeralOwner === session.identity?.id) return 'restored'
    if (stat.ephemeralOwner !== previousSessionId) return 'foreign'
    const results = await session.submit(
      operations.multi([
        { type: OpCode.delete, path: path.server, version: stat.version },
        operations.createBody(path, create),
      ]),
    )
    return results.every(({ type }) => type !== -1) ? 'restored' : 'again'
  } catch {
    // Whatever it was, the next create meets it too and says it.
    return 'again'
  }
}

function isOver({ code }: ZooKeeperError): boolean {
  return code === 'SessionExpired' || code === 'Closed'
}
