/** Lists and deletes a node with everything below it. Neither is atomic: others may change the subtree meanwhile. */
import { utf8Length } from '@quorate/protocol'
import { ZooKeeperError } from './zookeeper-error.ts'

/** What is asked of the client. */
export interface SubtreeAccess {
  children(path: string): Promise<readonly string[]>
  /** Deletes all of them or none. */
  deleteTogether(paths: readonly string[]): Promise<void>
}

/** The node and all below it, each after its parent. @throws ZooKeeperError NoNode if the node does not exist */
export async function listSubtree(access: SubtreeAccess, root: string): Promise<readonly string[]> {
  const paths = [root]
  for (let at = 0; at < paths.length;) {
    const parents = paths.slice(at, at + listsAtOnce)
    at += parents.length
    const lists = await Promise.all(
      parents.map((parent) =>
        parent === root ? access.children(parent) : childrenIfThere(access, parent),
      ),
    )
    for (const [i, children] of lists.entries())
      for (const child of children) paths.push(childPath(parents[i]!, child))
  }
  return paths
}

/**
 * Deletes leaves first, in transactions of at most `batchSize` nodes. Starts over when others created or deleted nodes
 * meanwhile.
 * @throws ZooKeeperError what the failed transaction said; the ones before it stay done
 */
export async function deleteSubtree(
  access: SubtreeAccess,
  root: string,
  batchSize: number,
): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      const paths = await listSubtree(access, root)
      for (const batch of batches(paths.toReversed(), batchSize)) await access.deleteTogether(batch)
      return
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error
      const isGone = error.code === 'NoNode' && error.path === root
      if (isGone && round > 1) return
      if (isGone || round === roundsMax || !changedMeanwhile.has(error.code)) throw error
    }
  }
}

export function childPath(parent: string, child: string): string {
  return parent === '/' ? `/${child}` : `${parent}/${child}`
}

const changedMeanwhile: ReadonlySet<string> = new Set(['NoNode', 'NotEmpty'])
const roundsMax = 10
const listsAtOnce = 500
/** Half of what a server takes as one request by default. */
const batchBytesMax = 512 * 1024
const deleteBytesFixed = 17

async function childrenIfThere(access: SubtreeAccess, path: string): Promise<readonly string[]> {
  try {
    return await access.children(path)
  } catch (error) {
    if (error instanceof ZooKeeperError && error.code === 'NoNode') return []
    throw error
  }
}

function* batches(paths: readonly string[], batchSize: number): Generator<readonly string[]> {
  let batch: string[] = []
  let bytes = 0
  for (const path of paths) {
    const pathBytes = deleteBytesFixed + utf8Length(path)
    if (batch.length > 0 && (batch.length >= batchSize || bytes + pathBytes > batchBytesMax)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(path)
    bytes += pathBytes
  }
  if (batch.length > 0) yield batch
}
