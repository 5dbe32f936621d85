/** Which sets of servers may decide. Any two quorums of one system have a member in common. */

export interface QuorumSystem {
  /** Ids of the servers that vote, growing. */
  readonly voterIds: readonly number[]
  isVoter(serverId: number): boolean
  /** A voter of weight 0 can vote but not be elected. Servers without a weight, voters or not, have 1. */
  weightOf(serverId: number): number
  /** Whether the servers for which `isIn` is true are a quorum; it is asked about voters only. */
  isQuorum(isIn: (serverId: number) => boolean): boolean
}
