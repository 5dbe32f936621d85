/** Members for tests. */
import type { Member } from '../../src/quorum/membership.ts'

export function memberOf(id: number, changes: Partial<Member> = {}): Member {
  return {
    id,
    quorumAddresses: [{ host: `zk${id}`, port: 2888 }],
    electionAddresses: [{ host: `zk${id}`, port: 3888 }],
    isVoter: true,
    clientAddress: { host: '0.0.0.0', port: 2181 },
    secureClientAddress: undefined,
    ...changes,
  }
}
