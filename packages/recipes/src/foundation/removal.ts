/**
 * Takes back what a recipe created, whatever becomes of the connection: a node that stays behind would block others as
 * long as the session lives (kazoo #732).
 *
 * A removal ends when the node is gone, or when the session is over and takes its ephemeral nodes with it. It runs
 * under no limit of the caller's.
 */
import { childPath, type Stat } from '@quorate/client/core'
import type { BytesClient } from './bytes-client.ts'
import { codeOf, isPassing } from './outcome.ts'
import { sessionOf } from './session-identity.ts'

/** Deletes the node; resolves as well when it is gone already, or goes with the session. */
export function removeNode(zk: BytesClient, path: string): Promise<void> {
  return persist(zk, () => zk.delete(path))
}

/**
 * The same for a node that may be there, and may be somebody else's. It is looked for behind a sync: another server than the one that
 * was asked to create it may know less than that one.
 */
export function removeNodeIf(
  zk: BytesClient,
  path: string,
  isOurs: (stat: Stat) => boolean,
): Promise<void> {
  return persist(zk, async () => {
    await zk.sync(path)
    const stat = await zk.exists(path)
    if (stat !== null && isOurs(stat)) await zk.delete(path)
  })
}

/** Deletes whatever a create with this prefix left below `parent`. Never rejects: nobody waits for it. */
export async function removeProtected(
  zk: BytesClient,
  parent: string,
  prefix: string,
): Promise<void> {
  try {
    await persist(zk, async () => {
      await zk.sync(parent)
      for (const name of await zk.children(parent))
        if (name.startsWith(prefix)) await zk.delete(childPath(parent, name))
    })
  } catch {
    // What may not be deleted (an ACL changed) stays until the session ends.
  }
}

async function persist(zk: BytesClient, remove: () => Promise<void>): Promise<void> {
  const session = sessionOf(zk)
  for (;;) {
    try {
      await remove()
      return
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NoNode' || code === 'SessionExpired' || code === 'Closed') return
      if (sessionOf(zk) !== session) return
      if (!isPassing(error)) throw error
    }
    const { clock, random } = zk.world
    const delayMs = pauseLeastMs * (1 + random.next())
    await new Promise<void>((resolve) => void clock.wakeAfter(delayMs, resolve))
  }
}

const pauseLeastMs = 50
