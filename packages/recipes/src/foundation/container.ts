/**
 * The parents of a recipe's nodes. They are containers, as Curator makes them: the server removes them once they were
 * left empty. So a parent that was there a moment ago may be gone; whoever creates below one tries again.
 */
import type { BytesClient } from './bytes-client.ts'
import type { Limit } from './limit.ts'
import { codeOf, mayHaveBeenApplied } from './outcome.ts'

/**
 * Creates the node and whatever is missing above it. Nodes that exist stay as they are.
 * @throws ZooKeeperError, or the limit's error
 */
export function ensureContainer(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  return ensure(zk, path, { isContainer: true, limit })
}

/**
 * As {@link ensureContainer}, with nodes that stay when they are empty. kazoo's queues and parties make their parents
 * once, and fail when one is gone.
 * @throws ZooKeeperError, or the limit's error
 */
export function ensureLasting(zk: BytesClient, path: string, limit: Limit): Promise<void> {
  return ensure(zk, path, { isContainer: false, limit })
}

interface Wanted {
  readonly isContainer: boolean
  readonly limit: Limit
}

async function ensure(zk: BytesClient, path: string, wanted: Wanted): Promise<void> {
  if (path === '/') return
  const { limit } = wanted
  for (;;) {
    try {
      await createOne(zk, path, wanted)
      return
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NodeExists') return
      if (limit.isOver) throw limit.errorOf(error)
      // What a chroot names is not made here.
      if (code === 'NoNode' && parentOf(path) !== '/') await ensure(zk, parentOf(path), wanted)
      else if (!mayHaveBeenApplied(error)) throw error
    }
  }
}

/** The path without its last component; '/' for '/a'. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** The last component of the path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

async function createOne(
  zk: BytesClient,
  path: string,
  { isContainer, limit }: Wanted,
): Promise<void> {
  try {
    await zk.create(path, undefined, { container: isContainer, ...limit.call })
  } catch (error) {
    // Servers before 3.5.3 know no containers.
    if (codeOf(error) !== 'Unimplemented') throw error
    await zk.create(path, undefined, limit.call)
  }
}
