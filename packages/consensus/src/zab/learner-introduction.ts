/** The first packet of a learner on a connection: FOLLOWERINFO or OBSERVERINFO, with what our servers can do beyond Apache's. */
import {
  encodeLearnerInfo,
  learnerProtocolVersion,
  makeZxid,
  PacketType,
  PeerCapability,
} from '@quorate/protocol'
import { disklessIdOf } from './diskless-id.ts'
import type { PacketChannel } from './packet-channel.ts'
import type { RoleParts } from './role-parts.ts'

const capabilities: number =
  PeerCapability.confirmedSync |
  PeerCapability.earlyPings |
  PeerCapability.cumulative |
  PeerCapability.outcomes

export function introduceLearner(
  channel: PacketChannel,
  { options, ports }: Pick<RoleParts, 'options' | 'ports'>,
  isObserver: boolean,
): void {
  const { serverId, isDiskless } = options
  const info = encodeLearnerInfo({
    serverId: isDiskless ? disklessIdOf(serverId) : serverId,
    protocolVersion: learnerProtocolVersion,
    configVersion: ports.memberships.committed.version,
    capabilities,
  })
  const type = isObserver ? PacketType.observerInfo : PacketType.followerInfo
  channel.send(type, makeZxid(ports.history.acceptedEpoch, 0), info)
}
