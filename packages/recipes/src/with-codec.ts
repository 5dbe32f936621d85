/** The client as recipes use it inside: on the same session, with a codec of the recipe's own. */
import type { CodecChoice, ZooKeeper } from '@quorate/client/core'

/** A client of any codec. */
export type AnyZooKeeper = Pick<ZooKeeper<CodecChoice>, 'chroot' | 'world'>

export function withCodec<C extends CodecChoice>(zk: AnyZooKeeper, codec: C): ZooKeeper<C> {
  return zk.chroot('/', { codec })
}
