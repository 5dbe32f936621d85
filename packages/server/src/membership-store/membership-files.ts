/** Where the membership of an ensemble was found, and where later ones are to be kept. */
import type { Membership } from '@quorate/consensus'

export interface MembershipFiles {
  readonly serverId: number
  /** The absolute path of zoo.cfg; undefined: the configuration came from elsewhere, and memberships are kept in memory. */
  readonly configFile: string | undefined
  /** In force, as the configuration was read. */
  readonly found: Membership
  /** Whether memberships that come into force are written (`reconfigEnabled`), and those on disk count. */
  readonly areKept: boolean
  /** Whether a server may have several addresses. */
  readonly isMultiAddressEnabled: boolean
}
