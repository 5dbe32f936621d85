/** What a client's options ask of its session. */
import { juteMaxBufferDefault } from '@quorate/protocol'
import { Chroot } from './chroot.ts'
import type { ClientCodec } from './codecs-by-path.ts'
import { parseConnectString } from './connect-string.ts'
import { followMembership } from './followed-membership.ts'
import {
  type ClientOptions,
  pendingBytesMaxDefault,
  pendingMaxDefault,
  replyBytesMaxDefault,
  timeoutMsDefault,
} from './options.ts'
import type { Rebuild } from './renewal.ts'
import { SharedSession } from './shared-session.ts'
import type { World } from './world.ts'

/** What a view is made from: the session of another one, and its own root. */
export interface ViewOrigin {
  readonly shared: SharedSession
  readonly chroot: Chroot
}

/**
 * @param rebuild what to do with a new session; without it the first one that is lost is the last
 * @throws ZooKeeperError BadArguments for a connect string that cannot be used
 */
export function newSession(
  connectString: string,
  options: ClientOptions<ClientCodec>,
  rebuild: Rebuild | undefined,
  world: World,
): ViewOrigin {
  const { servers, chroot } = parseConnectString(connectString)
  const session = {
    timeoutMs: options.timeout ?? timeoutMsDefault,
    acceptsReadOnly: options.readOnly ?? false,
    pendingMax: options.pendingMax ?? pendingMaxDefault,
    pendingBytesMax: options.pendingBytesMax ?? pendingBytesMaxDefault,
    identity: options.session,
    sasl: options.sasl,
    requestBytesMax: options.requestBytesMax ?? juteMaxBufferDefault,
    replyBytesMax: options.replyBytesMax ?? replyBytesMaxDefault,
  }
  const shared = new SharedSession(session, servers, world, rebuild)
  if (options.followConfig) followMembership(shared)
  return { shared, chroot: new Chroot(chroot) }
}
