/** A server of the ensemble, as its `server.N` line describes it. */
import type { HostPort } from '@quorate/protocol'

export type { HostPort } from '@quorate/protocol'

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
