/**
 * A write that depends on the node's version, carried out at most once however often it has to be sent.
 *
 * After a lost connection nobody may know whether the write was made. It is then sent again as it was: of two equal
 * writes on one version only one can be made. If the version has passed meanwhile, the node tells whether the write that
 * passed it was another one; if it holds the very bytes of ours, only a server that remembers outcomes could tell.
 */
import { type Stat, ZooKeeperError } from '@quorate/client/core'
import type { BytesClient } from '../foundation/bytes-client.ts'
import type { Limit } from '../foundation/limit.ts'
import { codeOf, isPassing, mayHaveBeenApplied } from '../foundation/outcome.ts'

export interface ConditionalWrite {
  readonly path: string
  readonly bytes: Uint8Array | null
  /** The version that the node must have. */
  readonly version: number
}

/**
 * @returns the new Stat; undefined when somebody else changed the node first
 * @throws ZooKeeperError, with `applied: 'unknown'` where that is so, or the limit's error
 */
export async function writeConditionally(
  zk: BytesClient,
  { path, bytes, version }: ConditionalWrite,
  limit: Limit,
): Promise<Stat | undefined> {
  let isInDoubt = false
  for (;;) {
    try {
      return await zk.set(path, bytes, { version, ...limit.call })
    } catch (error) {
      if (codeOf(error) === 'BadVersion') {
        if (!isInDoubt || (await isOthers(zk, { path, bytes, version }, limit))) return undefined
        throw new ZooKeeperError('ConnectionLoss', { path, op: 'setData', applied: 'unknown' })
      }
      if (limit.isOver || !isPassing(error)) throw limit.errorOfWrite(error, isInDoubt)
      isInDoubt ||= mayHaveBeenApplied(error)
      await limit.pause(pauseMs(zk))
    }
  }
}

/** How long to wait before a busy server, or a contended node, is tried again: up to 2^attempt ms, a fifth of a second at most. */
export function pauseMs(zk: BytesClient, attempt = 6): number {
  return zk.world.random.next() * Math.min(pauseMostMs, 2 ** attempt)
}

const pauseMostMs = 200

/** Whether the write that followed `version` was surely not this one. */
async function isOthers(
  zk: BytesClient,
  { path, bytes, version }: ConditionalWrite,
  limit: Limit,
): Promise<boolean> {
  await zk.sync(path, limit.call)
  const { value, stat } = await zk.getWithStat(path, limit.call)
  return stat.version === version + 1 && !areEqual(value, bytes)
}

export function areEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  const [one, other] = [a ?? none, b ?? none]
  return one.length === other.length && one.every((byte, i) => byte === other[i])
}

const none = new Uint8Array(0)
