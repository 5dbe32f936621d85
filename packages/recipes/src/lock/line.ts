/**
 * The line in front of a lock: one ephemeral sequential node for each who wants it, the one created first in front.
 *
 * 1. A node is at the front when nobody that it waits for stands before it. It stays there as long as it exists: later
 *    nodes have greater numbers.
 * 2. Everybody waits for the deletion of one node, the last one before it that is in its way; so a release wakes one.
 * 3. Who gives up waiting, for whatever reason, takes its node away; who finds its node taken away by somebody else
 *    takes a new one, at the end.
 *
 * A list that was read after one's own node was created shows every node that was created before, so that local reads
 * will do.
 */
import { childPath } from '@quorate/client/core'
import type { BytesClient } from '../foundation/bytes-client.ts'
import { untilDeleted } from '../foundation/deletion-watches.ts'
import type { Limit } from '../foundation/limit.ts'
import { codeOf } from '../foundation/outcome.ts'
import { OwnNode } from '../foundation/own-node.ts'
import type { ProtectedNode } from '../foundation/protected-create.ts'
import { isLockLost, RecipeError } from '../foundation/recipe-error.ts'
import { type Sequenced, sortSequenced } from '../foundation/sequence.ts'

export interface Place extends ProtectedNode {
  /** What the names of all that stand in the line have before their number. */
  readonly kinds: readonly string[]
  /** Whether a node of this kind, further ahead, is waited for. */
  waitsFor(kind: string): boolean
  /** Told whenever there is a node in the line. */
  readonly stood?: () => void
}

/** Somebody in a line. */
export interface Contender {
  /** Its node. */
  readonly path: string
  /** Who it is, by its own account; '' if it did not say. */
  readonly id: string
}

/**
 * Stands in the line until the front is reached.
 * @throws ZooKeeperError, or the limit's error
 */
export async function reachFront(zk: BytesClient, place: Place, limit: Limit): Promise<OwnNode> {
  for (;;) {
    const node = await OwnNode.create(zk, place, limit)
    place.stood?.()
    try {
      for (;;) {
        using part = limit.within(node.lost, () => node.lost.reason)
        const inTheWay = await blockerOf(node, place, part)
        if (inTheWay === undefined) return node
        await untilDeleted(zk, childPath(place.parent, inTheWay.name), part)
      }
    } catch (error) {
      node.abandon()
      if (limit.isOver || !isLockLost(error)) throw limit.errorOf(error)
    }
  }
}

/** Stands in the line for a look: undefined, and no longer in the line, if there is somebody to wait for. */
export async function takeFront(
  zk: BytesClient,
  place: Place,
  limit: Limit,
): Promise<OwnNode | undefined> {
  const node = await OwnNode.create(zk, place, limit)
  try {
    if ((await blockerOf(node, place, limit)) === undefined) return node
    await limit.join(node.remove())
    return undefined
  } catch (error) {
    node.abandon()
    if (limit.isOver || !isLockLost(error)) throw limit.errorOf(error)
    return undefined
  }
}

/** Everybody in the line, in order. */
export async function contendersOf(
  zk: BytesClient,
  parent: string,
  kinds: readonly string[],
  limit: Limit,
): Promise<readonly Contender[]> {
  const { platform } = zk.world
  const contenders: Contender[] = []
  for (const { name } of sortSequenced(await childrenOf(zk, parent, limit), kinds)) {
    const path = childPath(parent, name)
    try {
      const data = await zk.get(path, limit.call)
      contenders.push({ path, id: data === null ? '' : platform.utf8Decode(data, 0, data.length) })
    } catch (error) {
      if (codeOf(error) !== 'NoNode') throw limit.errorOf(error)
    }
  }
  return contenders
}

/** The one to wait for: the last that is in the way. @throws RecipeError LockLost if the node itself is gone */
async function blockerOf(
  node: OwnNode,
  place: Place,
  limit: Limit,
): Promise<Sequenced | undefined> {
  const line = sortSequenced(await childrenOf(node.zk, place.parent, limit), place.kinds)
  const own = line.findIndex(({ name }) => name === node.name)
  node.check()
  if (own < 0) {
    const message = `${node.path} was taken out of the line.`
    throw new RecipeError('LockLost', { path: node.path, message })
  }
  return line.slice(0, own).findLast(({ kind }) => place.waitsFor(kind))
}

async function childrenOf(
  zk: BytesClient,
  parent: string,
  limit: Limit,
): Promise<readonly string[]> {
  try {
    return await zk.children(parent, limit.call)
  } catch (error) {
    if (codeOf(error) === 'NoNode') return []
    throw limit.errorOf(error)
  }
}
