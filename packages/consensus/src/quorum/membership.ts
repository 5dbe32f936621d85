/** Who belongs to the ensemble: the `server.N` lines, groups and weights, and the zxid at which they came into force. */
import type { Zxid } from '@quorate/protocol'
import type { QuorumSystem } from './quorum-system.ts'

export interface HostPort {
  readonly host: string
  readonly port: number
}

export interface Member {
  readonly id: number
  /** At least one; the first is the one that a change of leader is judged by. */
  readonly quorumAddresses: readonly HostPort[]
  readonly electionAddresses: readonly HostPort[]
  readonly isVoter: boolean
  /** Where clients connect, when the server line says so. */
  readonly clientAddress: HostPort | undefined
  readonly secureClientAddress: HostPort | undefined
}

export interface Membership {
  /** The zxid of the reconfig transaction that made it; 0 for the initial one. */
  readonly version: Zxid
  readonly memberById: ReadonlyMap<number, Member>
  readonly quorums: QuorumSystem
  /** As Apache prints it (zab-protocol: configuration text): lines joined by \n, the last one `version=<hex>`. */
  readonly text: string
}
