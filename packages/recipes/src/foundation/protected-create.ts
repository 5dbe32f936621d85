/**
 * Creates whose outcome is known though the connection was lost: the name begins with a random id, so that the node is
 * found again among the children (Curator's protection, `_c_<uuid>-`).
 *
 * 1. After a lost connection the server is asked behind a sync. What it does not show then was not created, and will
 *    not be: a server that the session has left can no longer act for it.
 * 2. A node that is found counts only if the present session owns it. One of an earlier session is about to go
 *    (CURATOR-498), and gets a new id beside it.
 * 3. A create that is given up, at whatever point, leaves no node behind while the session lives.
 */
import { childPath, type CreateOptions, type SessionId, type Zxid } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'
import { ensureContainer, nameOf } from './container.ts'
import type { Limit } from './limit.ts'
import { codeOf, isPassing, mayHaveBeenApplied } from './outcome.ts'
import { removeProtected } from './removal.ts'
import { sessionOf } from './session-identity.ts'
import { randomUuid } from './uuid.ts'

export interface ProtectedNode {
  readonly parent: string
  /** What follows the random id, and is followed by the server's number: `lock-`. */
  readonly name: string
  readonly value?: Uint8Array | undefined
  /** Default: Curator's `_c_<uuid>-`. */
  readonly prefixOf?: (uuid: string) => string
  /** Default: ephemeral and sequential. */
  readonly mode?: Pick<CreateOptions, 'ephemeral' | 'sequential' | 'ttl' | 'acl'>
}

export interface CreatedNode {
  readonly path: string
  readonly name: string
  /** The transaction that created it. */
  readonly czxid: Zxid
  /** The session that owns it; 0 for a node that is not ephemeral. */
  readonly owner: SessionId
}

/**
 * Creates the node, and its parents as containers where they are missing.
 * @throws ZooKeeperError, or the limit's error
 */
export async function protectedCreate(
  zk: BytesClient,
  node: ProtectedNode,
  limit: Limit,
): Promise<CreatedNode> {
  const { parent, value, mode = ephemeralSequential, prefixOf = curatorPrefix } = node
  const newPrefix = (): string => prefixOf(randomUuid(zk.world.random))
  let prefix = newPrefix()
  let isInDoubt = false
  for (;;) {
    try {
      limit.check()
      if (isInDoubt) {
        const found = await findProtected(zk, parent, prefix, limit)
        if (found !== undefined && (!mode.ephemeral || found.owner === sessionOf(zk))) return found
        if (found !== undefined) prefix = newPrefix()
        isInDoubt = false
      }
      const path = childPath(parent, prefix + node.name)
      return createdNode(await zk.createWithStat(path, value, { ...mode, ...limit.call }))
    } catch (error) {
      isInDoubt ||= mayHaveBeenApplied(error)
      const isParentMissing = codeOf(error) === 'NoNode' && parent !== '/'
      if (limit.isOver || !(isParentMissing || (isInDoubt && isPassing(error)))) {
        if (isInDoubt) void removeProtected(zk, parent, prefix)
        throw limit.errorOf(error)
      }
      if (isParentMissing) await ensureContainer(zk, parent, limit)
    }
  }
}

const ephemeralSequential = { ephemeral: true, sequential: true }

function curatorPrefix(uuid: string): string {
  return `_c_${uuid}-`
}

/** The node with this prefix, as the ensemble has it now. */
async function findProtected(
  zk: BytesClient,
  parent: string,
  prefix: string,
  limit: Limit,
): Promise<CreatedNode | undefined> {
  try {
    await zk.sync(parent, limit.call)
    const children = await zk.children(parent, limit.call)
    const name = children.find((child) => child.startsWith(prefix))
    if (name === undefined) return undefined
    const path = childPath(parent, name)
    const stat = await zk.exists(path, limit.call)
    return stat === null ? undefined : createdNode({ path, stat })
  } catch (error) {
    if (codeOf(error) === 'NoNode') return undefined
    throw error
  }
}

function createdNode({
  path,
  stat,
}: Awaited<ReturnType<BytesClient['createWithStat']>>): CreatedNode {
  return {
    path,
    name: nameOf(path),
    czxid: stat.czxid,
    owner: BigInt.asUintN(64, stat.ephemeralOwner) as SessionId,
  }
}
