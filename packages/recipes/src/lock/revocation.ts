/**
 * Asking the holder of a lock to release it, as Curator does: by writing `__REVOKE__` into the lock's node. The holder
 * decides; nobody can take a lock by this.
 */
import type { CallOptions } from '@quorate/client/core'
import { type AnyZooKeeper, bytesClient } from '../foundation/bytes-client.ts'
import { type AbortSource, abortSource, type Signal } from '../foundation/abort-source.ts'
import { codeOf } from '../foundation/outcome.ts'
import type { OwnNode } from '../foundation/own-node.ts'

/** What Curator's Revoker writes. */
const revokeMessage = '__REVOKE__'

/**
 * Asks whoever holds the lock by this node, or waits for it, to release it.
 * @param lockPath the node, as `contenders()` tells it
 * @returns whether the node was there
 */
export async function requestRevocation(
  zk: AnyZooKeeper,
  lockPath: string,
  options: CallOptions = {},
): Promise<boolean> {
  const client = bytesClient(zk)
  try {
    await client.set(lockPath, client.world.platform.utf8Encode(revokeMessage), options)
    return true
  } catch (error) {
    if (codeOf(error) === 'NoNode') return false
    throw error
  }
}

/** Aborted when a revocation of this node is requested, or was. */
export function revocationOf(node: OwnNode): Signal {
  const source = abortSource()
  void look(node, source)
  return source.signal
}

async function look(node: OwnNode, source: AbortSource): Promise<void> {
  const { zk, path } = node
  const { platform } = zk.world
  if (node.isRemoved || source.signal.aborted) return
  try {
    const data = await zk.get(path, { watch: () => void look(node, source) })
    const text = data === null ? '' : platform.utf8Decode(data, 0, data.length)
    if (text === revokeMessage)
      source.abort(new Error(`somebody asks for the lock that is held by ${path}`))
  } catch {
    // What cannot be read cannot be asked for: a node that is gone is lost, and told so by its own signal.
  }
}
