/** What a client's options ask of its session. */
import { juteMaxBufferDefault } from '@quorate/protocol'
import { Chroot } from './chroot.ts'
import type { ClientCodec } from './codecs-by-path.ts'
import { parseConnectString } from './connect-string.ts'
import {
  pendingMaxDefault,
  replyBytesMaxDefault,
  timeoutMsDefault,
  type ZooKeeperOptions,
} from './options.ts'
import type { Rebuild } from './renewal.ts'
import { SharedSession } from './shared-session.ts'
import type { World } from './world.ts'
import type { ZooKeeper } from './zookeeper.ts'

/** What a view is made from: the session of another one, and its own root. */
export interface ViewOrigin {
  readonly shared: SharedSession
  readonly chroot: Chroot
}

/**
 * @param zk told to the hook of a renewed session
 * @throws ZooKeeperError BadArguments for a connect string that cannot be used
 */
export function newSession<C extends ClientCodec>(
  connectString: string,
  options: ZooKeeperOptions<C>,
  zk: ZooKeeper<C>,
  world: World,
): ViewOrigin {
  const { servers, chroot } = parseConnectString(connectString)
  const session = {
    timeoutMs: options.timeout ?? timeoutMsDefault,
    acceptsReadOnly: options.readOnly ?? false,
    pendingMax: options.pendingMax ?? pendingMaxDefault,
    identity: options.session,
    requestBytesMax: options.requestBytesMax ?? juteMaxBufferDefault,
    replyBytesMax: options.replyBytesMax ?? replyBytesMaxDefault,
  }
  const shared = new SharedSession(session, servers, world, rebuildOf(options, zk))
  return { shared, chroot: new Chroot(chroot) }
}

function rebuildOf<C extends ClientCodec>(
  { onExpired = 'end' }: ZooKeeperOptions<C>,
  zk: ZooKeeper<C>,
): Rebuild | undefined {
  if (onExpired === 'end') return undefined
  return onExpired === 'renew' ? () => {} : (renewal) => onExpired(zk, renewal)
}
