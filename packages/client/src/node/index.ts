/** The client for Node: everything of the plain room, with a ZooKeeper that speaks TCP. */
import { type ClientCodec, ZooKeeper as PlainZooKeeper, type ZooKeeperOptions } from '../index.ts'
import { nodeWorld } from './node-world.ts'

export * from '../index.ts'
export { nodeWorld } from './node-world.ts'

/**
 * A client of the ensemble at `host1:2181,host2:2181/chroot`. It connects when the first call is made.
 *
 *     const zk = new ZooKeeper('localhost:2181')
 *     await zk.create('/config', 'initial_value', { ephemeral: true })
 *     const value = await zk.get('/config', { watch: true })
 */
export class ZooKeeper<C extends ClientCodec = 'utf8'> extends PlainZooKeeper<C> {
  constructor(connectString: string, options: ZooKeeperOptions<C> = {}) {
    super(connectString, options, nodeWorld)
  }
}
