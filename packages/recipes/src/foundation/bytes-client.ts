/**
 * The client as recipes use it: with values as bytes, whatever codec its owner chose. What recipes keep in nodes is for
 * recipes, and those of Curator and kazoo, to read.
 */
import type { ZooKeeper } from '@quorate/client/core'

/** A client with any codec. */
export type AnyZooKeeper = Pick<ZooKeeper, 'chroot'>

export type BytesClient = ZooKeeper<'bytes'>

const clientsByOrigin = new WeakMap<AnyZooKeeper, BytesClient>()

/** The same session, by the same paths. One view for each client. */
export function bytesClient(zk: AnyZooKeeper): BytesClient {
  let client = clientsByOrigin.get(zk)
  if (client === undefined) {
    client = zk.chroot('/', { codec: 'bytes' })
    clientsByOrigin.set(zk, client)
  }
  return client
}
